"""Numbers of a series: none twice, none lost."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.orm import Session

from kernel import numbers
from kernel.engines import Engines


def test_each_series_counts_for_itself(session: Session) -> None:
    given = [numbers.following(session, series) for series in ("A", "A", "B", "A")]

    assert given == [1, 2, 1, 3]


def test_what_is_rolled_back_is_given_out_again(session: Session) -> None:
    numbers.following(session, "A")
    session.rollback()

    assert numbers.following(session, "A") == 1


def test_writers_at_the_same_time_get_different_numbers(engines: Engines) -> None:
    def one(_place: int) -> int:
        with engines.writing() as session:
            number = numbers.following(session, "A")
            session.commit()
            return number

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(one, range(24)))

    assert sorted(given) == list(range(1, 25))
