"""Is what notebooks name still there? Asked of hosts, repositories, registries and indexes."""

from binderclip.liveness.looking import Looking
from binderclip.liveness.model import NEWS, PROBLEMS, STATES, Sign, State, worst

__all__ = ["NEWS", "PROBLEMS", "STATES", "Looking", "Sign", "State", "worst"]
