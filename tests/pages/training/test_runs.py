"""The list of runs, and several compared."""

from dataclasses import replace

import pytest

from emotion import paths
from emotion.runs.run import Run, RunStatus
from pages.training.compare import comparison_table, distinct_names
from pages.training.runs import find_runs
from tests.pages.helpers import texts
from tests.pages.training.helpers import CONFIG, add_run, buttons, open_page, table_with, view


def test_the_list_of_runs():
    add_run(RunStatus.FAILED, "older", epochs=0)
    add_run(RunStatus.FINISHED, "newer")
    app = open_page(show="runs")
    assert view(app) == "All runs"
    table = app.dataframe[0].value
    assert table["name"].tolist() == ["newer", "older"]
    assert table["state"].tolist() == ["Finished", "Failed"]
    assert table["epochs"].tolist() == ["2 of 6", "0 of 6"]
    app.pills(key="training-states").set_value(["Failed"]).run()
    assert app.dataframe[0].value["name"].tolist() == ["older"]
    app.text_input(key="training-find").set_value("nothing").run()
    assert "No run passes" in texts(app)


def test_one_ticked_run_can_be_opened():
    run = add_run(RunStatus.FINISHED, "other")
    add_run(RunStatus.FINISHED, "newest")
    app = open_page(show="runs", compare=run.id)
    buttons(app)["Open"].click().run()
    assert view(app) == "Watch"
    assert app.query_params["run"] == run.id


def test_compare():
    one = add_run(RunStatus.FINISHED, "one")
    two = add_run(RunStatus.FINISHED, "two", epochs=1, config=replace(CONFIG, dropout=0.5, seed=3))
    app = open_page(show="runs", compare=f"{one.id},{two.id}")
    assert app.query_params["compare"] == f"{one.id},{two.id}"
    assert len(app.get("plotly_chart")) == 2
    table = table_with(app, "one")
    assert set(table.columns) == {"one", "two"}
    assert {"Dropout", "Seed", "Best validation accuracy"} <= set(table.index)
    assert "Learning rate" not in table.index
    app.segmented_control(key="training-part").set_value("training").run()
    assert not app.exception


def test_more_runs_than_a_chart_can_show():
    ids = [add_run(RunStatus.FINISHED, f"run {number}").id for number in range(7)]
    app = open_page(show="runs", compare=",".join(ids))
    assert "At most 6 runs" in texts(app)


def test_the_list_cannot_be_read():
    paths.runs_folder().mkdir(parents=True)
    (paths.runs_folder() / "runs.sqlite").write_text("this is no database, but long enough to be read" * 10)
    app = open_page()
    assert len(app.error) == 1


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("", None, ["a", "b"]),
        ("A", None, ["a"]),
        ("dropout", None, ["b"]),
        ("", ["Failed"], ["a"]),
        ("b", ["Failed"], []),
    ],
)
def test_find_runs(text, names, expected):
    known = [
        Run("1", "a", RunStatus.FAILED, dataset="x"),
        Run("2", "b", RunStatus.FINISHED, dataset="x", note="more Dropout"),
    ]
    assert [run.name for run in find_runs(known, text, names)] == expected


def test_names_of_compared_runs():
    twins = [
        Run("1", "a", RunStatus.FAILED),
        Run("2", "a", RunStatus.FAILED),
        Run("3", "b", RunStatus.FAILED),
    ]
    assert distinct_names(twins) == ["a (1)", "a (2)", "b"]


def test_the_table_keeps_the_accuracy_even_where_it_is_the_same():
    table = comparison_table([add_run(RunStatus.FINISHED, "one"), add_run(RunStatus.FINISHED, "two")])
    assert table.loc["Best validation accuracy"].tolist() == ["18.00%", "18.00%"]
    assert "State" not in table.index
