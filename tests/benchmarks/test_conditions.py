"""The study of the paper's conditions: its counts are those of games checked one by one."""

from __future__ import annotations

import csv

import pytest

from ergs_verify import check, gallery

pytest.importorskip("pyarrow.parquet", reason="the extra survey is not installed")


@pytest.fixture(scope="module")
def study():
    return pytest.importorskip("benchmarks.conditions")


@pytest.fixture(scope="module")
def found(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    return [study.counted(4, 2, tau, 20, folder) for tau in ("1/4", "4", "4096")]


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_counts_are_those_of_balls(found, k):
    one = found[k]
    checks = [
        check(gallery(f"random:N=4,m=2,p=1,T=5,tau={one.tau},seed={seed}")) for seed in range(20)
    ]
    loops = [each.inner_loop for each in checks]
    holds = [each.assumption_III_3.verdict for each in checks]
    assert one.unique == sum(each.nash.unique == "proved" for each in checks) == 20
    assert (one.converges, one.diverges) == (loops.count("converges"), loops.count("diverges"))
    assert (one.assumption, one.assumption_fails) == (holds.count("proved"), holds.count("refuted"))
    assert one.converges_without == sum(
        pair == ("converges", "refuted") for pair in zip(loops, holds, strict=True)
    )


def test_the_cells_are_not_alike(found):
    assert [one.converges for one in found] == sorted({one.converges for one in found})
    assert [one.assumption for one in found][::2] == [0, 20]


def test_the_page_and_the_table_say_what_was_counted(study, found, tmp_path):
    sampled = {(4, 2): [study.TauThresholds(gallery("identical-interest"))]}
    text = study.page(found, sampled, 1.0)
    assert "60 games (100 %) have exactly one Nash equilibrium, and 0 have none or several." in text
    assert f"| 4 | 2 | 1/4 | 100 % | 0 % | {study._share(found[0].converges, 20)} |" in text
    study.written(found, tmp_path / "counts.csv")
    with (tmp_path / "counts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["converges"]) for row in rows] == [one.converges for one in found]


def test_shares_are_0_and_100_only_where_none_and_all_are_meant(study):
    shares = [study._share(k, 10**6) for k in (0, 1, 500_000, 999_999, 10**6)]
    assert shares == ["0 %", "0.01 %", "50.00 %", "99.99 %", "100 %"]
