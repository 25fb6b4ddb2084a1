"""Steps of a launch as they may leave the service, for all who follow it."""

from __future__ import annotations

from binderclip.events import Log, Progress
from binderclip.gateway.streams import frame
from binderclip.rest.faults import hidden, own_folders
from binderclip.wire import event_as_json


def step_as_json(step: Progress | Log) -> dict[str, str]:
    """Without the names of folders of this machine, which builders print."""
    folders = own_folders()
    return {key: hidden(str(said), folders) for key, said in event_as_json(step).items()}


def step_frame(number: int, step: Progress | Log) -> bytes:
    event = "log" if isinstance(step, Log) else "phase"
    return frame(step_as_json(step), event=event, number=number)
