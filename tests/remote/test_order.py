"""Messages that get lost, doubled and late, put in order again."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from binderclip.kernels.remote.order import Item, Order
from binderclip.kernels.remote.spans import Spans
from binderclip.kernels.remote.wire import Message


def message(number: int | None, *, prefix: str = "k_1", date: str = "") -> Message:
    name = f"{prefix}_{number}" if number is not None else prefix
    header = {"msg_id": name, "msg_type": "stream", "date": date}
    return {"header": header, "msg_id": name, "msg_type": "stream", "content": {}}


def iopub(number: int | None, **named: str) -> Item:
    return "iopub", message(number, **named)


def numbers(items: list[Item]) -> list[int]:
    return [int(item["msg_id"].rpartition("_")[2]) for _, item in items]


def keeping() -> Order:
    order = Order()
    order.begin(message(0))
    order.keeps = True
    return order


def test_in_order_nothing_is_held_back() -> None:
    order = keeping()
    assert [numbers(order.take(iopub(n))) for n in (1, 2, 3)] == [[1], [2], [3]]
    assert not order.gap


def test_a_late_message_closes_its_gap() -> None:
    order = keeping()
    assert order.take(iopub(2)) == []
    assert order.gap
    assert numbers(order.take(("shell", message(1)))) == [1, 2]
    assert not order.gap


def test_what_is_missing_comes_before_what_was_held_back() -> None:
    order = keeping()
    order.take(iopub(1))
    assert order.take(iopub(4)) == []
    assert order.take(iopub(5)) == []
    assert order.have() == {"k_1": [[1, 1]]}
    assert numbers(order.fetched([iopub(2), iopub(3), iopub(4)])) == [2, 3, 4]
    assert numbers(order.settle(4)) == [5]
    assert not order.gap


def test_what_the_kernel_no_longer_keeps_comes_first() -> None:
    order = keeping()
    order.doubt()
    assert order.take(iopub(1)) == order.take(iopub(2)) == []
    assert numbers(order.fetched([iopub(3), iopub(4)])) == [1, 2, 3, 4]


def test_numbers_of_others_are_no_gap_once_the_kernel_was_asked() -> None:
    order = keeping()
    assert order.take(iopub(3)) == []
    order.fetched([])
    assert numbers(order.settle(3)) == [3]
    assert numbers(order.take(iopub(4))) == [4]


def test_a_gap_after_the_answer_stays_one() -> None:
    order = keeping()
    order.doubt()
    order.take(iopub(5))
    order.take(iopub(9))
    assert order.fetched([iopub(5)]) == [iopub(5)]
    assert order.settle(5) == []
    assert order.gap


def test_what_comes_twice_is_handed_on_once() -> None:
    order = keeping()
    order.take(iopub(1))
    assert order.take(iopub(1)) == []
    assert order.fetched([iopub(1)]) == []


def test_two_messages_with_one_number_are_two() -> None:
    order = keeping()
    order.take(iopub(1, date="a"))
    assert len(order.take(iopub(1, date="b"))) == 1


def test_a_kernel_that_keeps_nothing_is_not_waited_for() -> None:
    order = Order()
    order.begin(message(0))
    assert numbers(order.take(iopub(5))) == [5]
    assert order.gap
    order.doubt()
    assert numbers(order.take(iopub(6))) == [6]
    order.overlook()
    assert not order.gap


def test_messages_without_numbers_pass() -> None:
    order = keeping()
    assert len(order.take(iopub(None, prefix="3f2a-uuid"))) == 1
    assert len(order.take(iopub(None, prefix="x_99999999999999999999999999"))) == 1
    assert order.take(iopub(None, prefix="3f2a-uuid")) == []
    other = Order()
    other.begin(message(None, prefix="uuid"))
    assert not other.counts


def test_forked_children_count_for_themselves() -> None:
    order = keeping()
    assert numbers(order.take(iopub(7, prefix="k_2"))) == [7]
    assert not order.gap
    assert order.have() == {"k_2": [[7, 7]]}


@given(
    sent=st.integers(1, 60),
    lost=st.sets(st.integers(1, 60)),
    doubled=st.sets(st.integers(1, 60)),
    asked=st.sets(st.integers(1, 60)),
)
def test_each_comes_once_and_in_order(
    sent: int, lost: set[int], doubled: set[int], asked: set[int]
) -> None:
    """``lost`` do not arrive, ``doubled`` do twice, and after ``asked`` the kernel is asked."""
    order, out = keeping(), []
    for number in range(1, sent + 1):
        for _ in range(0 if number in lost else 2 if number in doubled else 1):
            out += order.take(iopub(number))
        if number in asked or number == sent:
            had = order.have().get("k_1", [])
            kept = [n for n in range(1, number + 1) if not any(a <= n <= b for a, b in had)]
            out += order.fetched([iopub(n) for n in kept])
            out += order.settle(number)
    assert numbers(out) == list(range(1, sent + 1))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6))))
def test_spans_are_sets_of_numbers(added: list[tuple[int, int]]) -> None:
    spans, expected = Spans(), set()
    for start, more in added:
        spans.add(start, start + more)
        expected |= set(range(start, start + more + 1))
    pairs = spans.pairs()
    assert {n for start, end in pairs for n in range(start, end + 1)} == expected
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(pairs))
    assert {n for n in range(60) if n in spans} == expected
    assert len(spans) == len(pairs)
