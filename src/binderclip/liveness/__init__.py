"""Is what notebooks name still there? Asked of hosts, repositories, registries and indexes."""

from binderclip.liveness.looking import Looking
from binderclip.liveness.model import PROBLEMS, STATES, Sign, State, worst

__all__ = ["PROBLEMS", "STATES", "Looking", "Sign", "State", "worst"]
