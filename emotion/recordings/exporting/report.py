"""A recording as a report that people read and print: one HTML file, from the template beside this."""

from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from emotion.faces.crops import SMALL_FACE_PIXELS
from emotion.faces.pose import RELIABLE_DEGREES
from emotion.labels import in_percent
from emotion.recordings import statistics
from emotion.recordings.exporting.timeline import color, legend, timeline
from emotion.recordings.session import Session
from emotion.recordings.statistics import VERDICTS

# Of more people, those seen for longest are drawn.
MOST_PEOPLE = 24
LONGEST_EPISODES = 10


def report_html(session: Session) -> str:
    """Return the report: figures, how they were made, what they cannot tell; it loads nothing else."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": in_percent, "clock": clock, "count": "{:,}".format, "color": color}
    people = sorted(session.people, key=lambda person: -person.seconds)[:MOST_PEOPLE]
    longest = sorted(session.episodes, key=lambda episode: -episode.seconds)[:LONGEST_EPISODES]
    return environment.get_template("report.html.jinja").render(
        session=session,
        recording=session.recording,
        model=session.recording.model,
        people=sorted(people, key=lambda person: person.face),
        drawings={
            person.face: timeline(session.faces, session.frames, person.face, session.markers)
            for person in people
        },
        left_out=len(session.people) - len(people),
        longest=longest,
        agreement=statistics.agreement(session.faces).to_dict("records"),
        by_marker=statistics.by_marker(session.faces, session.frames, session.markers),
        step=statistics.usual_step(session.frames),
        unseen=int((session.frames["faces"] == 0).sum()),
        legend=legend(),
        verdicts=VERDICTS,
        reliable_degrees=RELIABLE_DEGREES,
        small_pixels=SMALL_FACE_PIXELS,
    )


def clock(seconds: float) -> str:
    """Return a time as people read it: 1:05.3, or 1:02:05.3."""
    tenths = round(10 * seconds)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{start}:{rest // 10:02d}.{rest % 10}"
