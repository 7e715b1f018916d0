import pytest

from emotion.figures import training as figures


def epoch(number: int) -> dict:
    return {
        "epoch": number,
        "loss": 1 / number,
        "accuracy": number / 10,
        "val_loss": 2 / number,
        "val_accuracy": number / 20,
        "learning_rate": 0.1 / number,
    }


def batch(number: int, of: int, in_epoch: int) -> dict:
    return {
        "epoch": in_epoch,
        "batch": number,
        "batches": of,
        "loss": 0.5,
        "accuracy": 0.5,
        "learning_rate": 0.05,
    }


@pytest.mark.parametrize(
    ("record", "expected"),
    [(epoch(3), 3.0), (batch(0, 10, 1), 0.0), (batch(5, 10, 3), 2.5), (batch(10, 10, 1), 1.0)],
)
def test_position(record, expected):
    assert figures.position(record) == expected


@pytest.mark.parametrize(("count", "limit", "expected"), [(0, 5, 0), (5, 5, 5), (6, 5, 5), (1000, 400, 400)])
def test_downsample_keeps_both_ends(count, limit, expected):
    records = [{"epoch": number} for number in range(count)]
    kept = figures.downsample(records, limit)
    assert len(kept) == expected
    assert kept[:1] == records[:1]
    assert kept[-1:] == records[-1:]
    assert kept == sorted(kept, key=lambda record: record["epoch"])


def test_downsample_to_next_to_nothing():
    with pytest.raises(ValueError, match="at least 2"):
        figures.downsample([], 1)


@pytest.mark.parametrize("quantity", ["accuracy", "loss"])
@pytest.mark.parametrize("done", [0, 1, 3])
def test_curves(quantity, done):
    epochs = [epoch(number) for number in range(1, done + 1)]
    batches = [batch(number, 4, done + 1) for number in (1, 2)]
    figure = figures.curves(epochs, batches, quantity, "run")
    within, training, validation = figure.data
    assert list(within.x) == [done + 0.25, done + 0.5]
    assert list(training.x) == list(validation.x) == list(range(1, done + 1))
    assert list(training.y) == [record[quantity] for record in epochs]
    assert list(validation.y) == [record[f"val_{quantity}"] for record in epochs]
    assert figure.layout.uirevision == "run"
    # Told apart by more than colour; and one legend entry each, whatever there is to show.
    assert training.line.dash != validation.line.dash
    assert training.marker.symbol != validation.marker.symbol
    assert within.showlegend == (done == 0)


def test_a_long_run_travels_as_few_points():
    batches = [batch(number, 2000, 1) for number in range(1, 2001)]
    within = figures.curves([], batches, "loss", "run").data[0]
    assert len(within.x) == figures.MAX_BATCH_POINTS
    assert within.x[-1] == 1.0


def test_learning_rates_in_order():
    batches = [batch(1, 2, number) for number in (1, 2)]
    (line,) = figures.learning_rates([epoch(1)], batches, "run").data
    assert list(line.x) == [0.5, 1.0, 1.5]
    assert list(line.y) == [0.05, 0.1, 0.05]


@pytest.mark.parametrize("count", [1, 2, figures.MAX_COMPARED])
def test_compared_runs_are_told_apart_without_colour(count):
    runs = {f"run {number}": [epoch(1), epoch(2)] for number in range(count)}
    traces = figures.comparison(runs, "accuracy").data
    assert [trace.name for trace in traces] == list(runs)
    assert len({trace.line.color for trace in traces}) == count
    assert len({(trace.line.dash, trace.marker.symbol) for trace in traces}) == count
    assert list(traces[0].y) == [0.05, 0.1]


def test_comparison_of_the_training_and_of_a_run_that_has_nothing_yet():
    traces = figures.comparison({"new": [], "old": [epoch(2)]}, "loss", is_validation=False).data
    assert [list(trace.y) for trace in traces] == [[], [0.5]]


def test_too_many_runs():
    with pytest.raises(ValueError, match="at most"):
        figures.comparison({str(number): [] for number in range(figures.MAX_COMPARED + 1)}, "loss")


@pytest.mark.parametrize("count", [1, 3])
def test_a_whole_run_shows_both_quantities(count):
    records = [epoch(number) for number in range(1, count + 1)]
    figure = figures.whole_run(records)
    curves = {(trace.name, trace.xaxis): list(trace.y) for trace in figure.data}
    assert curves["training", "x"] == [record["accuracy"] for record in records]
    assert curves["validation", "x"] == [record["val_accuracy"] for record in records]
    assert curves["validation", "x2"] == [record["val_loss"] for record in records]
    assert len({trace.line.dash for trace in figure.data}) == 2  # not told apart by colour alone
