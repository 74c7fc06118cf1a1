"""A survey's answers: what they are, and that they do not depend on how it was run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from typer.testing import CliRunner

from ergs_verify import check, gallery, solve
from ergs_verify.arithmetic import Rationals
from ergs_verify.certify.float_nash import certified_stack
from ergs_verify.cli.app import app
from ergs_verify.cli.commands.survey import _executor as executor_of
from ergs_verify.errors import ErgsError, InputError
from ergs_verify.exact import fractions
from ergs_verify.paper import notation
from ergs_verify.recursion import nash
from ergs_verify.recursion.stack import StageStack
from ergs_verify.survey import family, questions, survey

pq = pytest.importorskip("pyarrow.parquet", reason="the extra survey is not installed")

FAMILY = "random:N=2,m=3,p=1,T=3,tau=1,seed=0:40"
#: Checked 250 at once, in six shards.
MANY = "random:N=2,m=2,p=1,T=2,tau=1,seed=0:1300"


def rows_of(folder: Path) -> list[dict]:
    found = [row for path in sorted((folder / "shards").iterdir()) for row in
             pq.read_table(path).to_pylist()]  # fmt: skip
    assert [row["index"] for row in found] == list(range(len(found)))
    return found


def exactly(X) -> np.ndarray:
    return np.array(fractions(np.asarray(X)), dtype=object)


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = [*(folder / "shards").iterdir(), folder / "summary.json"]
    return {path.name: path.read_bytes() for path in files}


def test_random_games_are_checked(tmp_path):
    found = survey(FAMILY, output=tmp_path, shard=15)
    rows = rows_of(tmp_path)
    assert len(rows) == 40
    for row in rows[::13]:
        exact = check(gallery(row["name"]))
        assert row["unique"] == exact.nash.unique
        assert exact.assumption_III_3 is not None
        assert row["assumption_III_3"] == exact.assumption_III_3.verdict
        loops = {stage.inner_loop for stage in exact.stages}
        assert row["inner_loop"] == ("converges" if loops == {"converges"} else "diverges")
    assert found.summary["columns"]["unique"] == {"proved": 40}
    assert {row["proved_by"] for row in rows} == {"float64"}
    extreme = found.summary["extreme"]["digits"]
    assert (tmp_path / "extreme" / f"{extreme[0]['index']:012d}.json").is_file()
    assert (tmp_path / "summary.png").stat().st_size > 1000
    most = max(row["negative_determinants"] for row in rows)
    assert found.summary["quantiles"]["negative_determinants"]["1"] == most


def test_what_floats_do_not_decide_goes_to_balls(tmp_path):
    for k, name in enumerate(["g-star-2", "g-star-4-no-nash", "g-star-4-continuum", "lqr"]):
        gallery(name).save(tmp_path / f"{k}.json")
    (tmp_path / "4.json").write_text('{"format": "ergs-game/1", "A": 1}')
    out = tmp_path / "out"
    found = survey(tmp_path, output=out)
    rows = rows_of(out)
    assert [row["proved_by"] for row in rows] == ["float64", "balls", "balls", "float64", None]
    assert [row["exists"] for row in rows] == ["proved", "refuted", "proved", "proved", None]
    assert rows[4]["error"]
    assert found.summary["without_answer"] == 1
    assert found.summary["errors"][0]["name"] == "4.json"


def test_three_in_a_million_have_no_equilibrium(tmp_path):
    """They are the only ones among the seeds 0 to 999999 of this size."""
    seeds = (261695, 430119, 721213)
    for seed in seeds:
        words = f"random:N=2,m=2,p=1,T=10,seed={seed - 1}:{seed + 2}"
        survey(words, output=tmp_path / str(seed))
        rows = rows_of(tmp_path / str(seed))
        assert [row["exists"] for row in rows] == ["proved", "refuted", "proved"]
        assert [row["proved_by"] for row in rows] == ["float64", "balls", "float64"]


def test_games_of_one_size_are_checked_at_once_whatever_lies_between(tmp_path, monkeypatch):
    """Thirds are no floats, 1e400 is beyond them, and two sizes are mixed."""
    lines = []
    for k in range(24):
        game = gallery(f"random:N=2,m={2 + k % 2},p=1,T=3,tau=1/3,seed={k}")
        game.save(tmp_path / "game.json")
        document = json.loads((tmp_path / "game.json").read_text())
        if k == 5:
            document["Q"][0][1][0][0] = "1e400"
        lines.append("{broken" if k == 7 else json.dumps(document))
    path = tmp_path / "games.jsonl"
    path.write_text("\n".join(lines))
    stacks = []
    right = questions.check_stack
    monkeypatch.setattr(questions, "check_stack", lambda x: stacks.append(x.games) or right(x))
    survey(path, output=tmp_path / "out")
    assert sorted(stacks) == [10, 12]
    rows = rows_of(tmp_path / "out")
    assert [row["index"] for row in rows if row["error"]] == [7]
    assert [row["index"] for row in rows if row["proved_by"] == "balls"] == [5]
    for row in (rows[k] for k in (0, 3, 8)):
        exact = check(family(path).game(row["index"]))
        assert row["inner_loop"] == exact.inner_loop
        assert row["assumption_III_3"] == exact.assumption_III_3.verdict
    exact = Rationals()
    games = [family(path).game(k) for k in (0, 2, 4)]
    found = certified_stack(StageStack.of_games(games))
    assert found.certified.all()
    for place, game in enumerate(games):
        true = nash(game, exact).K[0][0]
        middle, radius = (exactly(X[place]) for X in (found.K[0].middle, found.K[0].radii))
        off = np.array(exact.to_fractions(true), dtype=object) - middle
        assert (abs(off) <= radius).all()
        assert (radius < 1e-12).all()
        assert (off != 0).any()


def test_a_template_is_a_product_of_ranges(tmp_path):
    path = tmp_path / "g-star.toml"
    path.write_text(
        """
        [ranges]
        tau = [2, "4", 6.5]
        a = {from = 0, to = 1, points = 3}
        [game]
        format = "ergs-game/1"
        horizon = 1
        tau = "{tau}"
        A = [["{a}", 0], [0, "{a}"]]
        B = [[[1], [0]], [[0], [1]]]
        Q = [[[1, 4], [4, 16]], [[16, 4], [4, 1]]]
        R = [[[1]], [[1]]]
        noise_cov = [[0, 0], [0, 0]]
        """
    )
    games = family(path)
    assert games.count == 9
    assert [games.name(k) for k in (0, 1, 8)] == ["tau=2,a=0", "tau=2,a=1/2", "tau=6.5,a=1"]
    assert games.game(7).tau == 6.5
    survey(path, output=tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert [row["unique"] for row in rows] == ["proved"] * 3 + ["refuted"] * 3 + ["proved"] * 3


@pytest.mark.parametrize(
    ("tau", "message"),
    [('"{zeta}"', 'no range for "{zeta}"'), ("2", 'range tau is not used.*"{tau}"')],
)
def test_a_template_uses_its_ranges_and_no_others(tmp_path, tau, message):
    path = tmp_path / "game.toml"
    path.write_text(f"ranges = {{tau = [1, 2]}}\n[game]\ntau = {tau}\nA = [[0]]")
    with pytest.raises(InputError, match=message):
        family(path)


def test_lines_and_the_other_questions(tmp_path):
    path = tmp_path / "games.jsonl"
    games = [gallery("g-star-2"), gallery("random:T=2,seed=4")]
    lines = []
    for k, game in enumerate(games):
        game.save(tmp_path / f"{k}.json")
        document = json.loads((tmp_path / f"{k}.json").read_text())
        lines.append(json.dumps(document))
    path.write_text("\n".join([*lines, "", "{broken", ""]))
    assert [family(path).name(k) for k in range(3)] == [f"games.jsonl:{k}" for k in (1, 2, 4)]
    survey(path, "solve", output=tmp_path / "solved", options={"digits": 9})
    rows = rows_of(tmp_path / "solved")
    assert [bool(row["error"]) for row in rows] == [False, False, True]
    exact = solve(games[1], digits=9)
    assert json.loads(rows[1]["solution"])["K"][0][0] == [
        [str(x) for x in row] for row in exact.K[0][0]
    ]
    survey(path, "gap", output=tmp_path / "gaps", options={"delta": "1/2"})
    rows = rows_of(tmp_path / "gaps")
    assert rows[1]["verdict"] == "proved"
    assert 0 < rows[1]["gap_lo"] <= rows[1]["gap_hi"] <= rows[1]["bound_hi"]


def test_a_solver_is_audited(tmp_path):
    for k, name in enumerate(["g-star-2", "g-star-4-no-nash"]):
        gallery(name).save(tmp_path / f"{k}.json")
    solver = {"solver": "ergs_verify.engine:nash"}
    survey(tmp_path, "audit", output=tmp_path / "out", options=solver)
    right, none = rows_of(tmp_path / "out")
    assert right["verdict"] == "pass"
    assert 0 <= right["gap_lo"] <= right["gap_hi"] < 1e-20
    assert "SingularStageError" in none["error"]
    with pytest.raises(InputError, match="needs a solver"):
        survey(tmp_path, "audit", output=tmp_path / "other")
    options = {"solver": "nowhere:nothing"}
    with pytest.raises(InputError, match="nowhere"):
        survey(tmp_path, "audit", output=tmp_path / "other", options=options)


def test_the_answers_do_not_depend_on_who_computes_them(tmp_path):
    survey(MANY, output=tmp_path / "here", shard=250)
    with ThreadPoolExecutor(3) as pool:
        survey(MANY, output=tmp_path / "there", shard=250, executor=pool)
    assert bytes_of(tmp_path / "here") == bytes_of(tmp_path / "there")


@pytest.mark.parametrize(
    ("sizes", "ask", "games", "shards"),
    [
        ("N=2,m=2,p=1,T=10", "check", 600, (250, 500, 7)),
        ("N=3,m=4,p=2,T=10", "check", 600, (250, 500, 7)),
        ("N=2,m=12,p=1,T=3", "check", 45, (10, 40, 7)),
        ("N=2,m=2,p=1,T=2", "gap", 12, (1, 5)),
    ],
)
def test_the_answers_do_not_depend_on_the_shards(tmp_path, sizes, ask, games, shards):
    """What float64 proves does, if a stack has fewer games than it goes along in step."""
    named = f"random:{sizes},seed=0:{games}"
    survey(named, ask, output=tmp_path / "one")
    for shard in shards:
        survey(named, ask, output=tmp_path / str(shard), shard=shard)
        assert rows_of(tmp_path / str(shard)) == rows_of(tmp_path / "one")


def test_games_of_a_folder_are_checked_the_same_in_any_shards(tmp_path):
    games = tmp_path / "games"
    games.mkdir()
    for k in range(300):
        gallery(f"random:N=2,m=2,p={1 + k % 2},T=2,seed={k}").save(games / f"{k:03d}.json")
    for shard in (1, 500):
        survey(games, output=tmp_path / str(shard), shard=shard)
    assert rows_of(tmp_path / "1") == rows_of(tmp_path / "500")


def test_shards_are_small_enough_to_share_and_to_resume(tmp_path):
    def shards(named, ask):
        return len(survey(named, ask, output=tmp_path / f"{ask}-{named}").shards)

    assert shards("random:N=2,m=2,T=1,seed=0:700", "check") == 3
    assert shards("random:N=2,m=12,T=1,seed=0:45", "check") == 5
    assert shards("random:N=1,m=1,T=1,seed=0:25", "gap") == 3


def test_a_killed_survey_goes_on(tmp_path):
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    code = (
        "import sys, time; from ergs_verify.survey import survey;"
        "survey(sys.argv[1], output=sys.argv[2], shard=250, progress=lambda d, t: time.sleep(0.2))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, MANY, str(broken)])
    deadline = time.monotonic() + 60
    while len(list((broken / "shards").glob("*.parquet"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (broken / "shards" / "000000001250.parquet.part").write_bytes(b"half")
    kept = {path: path.stat().st_mtime_ns for path in (broken / "shards").glob("*.parquet")}
    assert 2 <= len(kept) < 6
    with pytest.raises(InputError, match="holds a survey already"):
        survey(MANY, output=broken, shard=250)
    with pytest.raises(InputError, match="holds another survey"):
        survey(MANY, output=broken, shard=500, resume=True)
    survey(MANY, output=broken, shard=250, resume=True)
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items())
    survey(MANY, output=whole, shard=250)
    assert bytes_of(broken) == bytes_of(whole)


def test_a_lost_process_is_tried_again(tmp_path):
    class Losing(ThreadPoolExecutor):
        lost = 0

        def submit(self, fn, /, *args, **kwargs):
            self.lost += 1
            if self.lost % 2:
                return super().submit(lambda: (_ for _ in ()).throw(RuntimeError("lost")))
            return super().submit(fn, *args, **kwargs)

    with Losing(1) as pool:
        survey(MANY, output=tmp_path, shard=250, executor=pool)
    assert len(rows_of(tmp_path)) == 1300


def test_a_game_that_no_process_survives_has_a_row(tmp_path):
    class Fragile(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            if args and args[2] <= 7 < args[3]:
                return super().submit(lambda: (_ for _ in ()).throw(RuntimeError("killed")))
            return super().submit(fn, *args, **kwargs)

    named = "random:N=2,m=1,p=1,T=1,seed=0:25"
    with Fragile(1) as pool:
        found = survey(named, "gap", output=tmp_path / "one", executor=pool)
    rows = rows_of(tmp_path / "one")
    assert [row["error"] for row in rows if row["error"]] == ["lost: killed"]
    assert (rows[7]["error"], found.summary["without_answer"]) == ("lost: killed", 1)
    survey(named, "gap", output=tmp_path / "all")
    assert [r for r in rows_of(tmp_path / "all") if r["index"] != 7] == rows[:7] + rows[8:]


def test_without_a_process_a_survey_ends(tmp_path):
    class Broken(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            return super().submit(lambda: (_ for _ in ()).throw(RuntimeError("no process")))

    with Broken(1) as pool, pytest.raises(ErgsError, match="game 0 was not computed: no process"):
        survey("random:N=2,m=1,p=1,T=1,seed=0:25", "gap", output=tmp_path, executor=pool)
    assert not list((tmp_path / "shards").iterdir())


def test_a_dask_cluster_of_which_a_worker_is_killed(tmp_path):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    known = tmp_path / "scheduler.json"

    def started(what: str, *options: str) -> subprocess.Popen:
        words = ["--scheduler-file", str(known), *options]
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + what, *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    quiet = ("--no-dashboard",)
    scheduler = started("dask_scheduler", "--port", "0", "--host", "127.0.0.1", *quiet)
    workers = [
        started("dask_worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", *quiet)
        for _ in range(2)
    ]
    try:
        from distributed import Client

        while not known.exists():
            time.sleep(0.05)
        with Client(scheduler_file=str(known), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)

            def killing(done: int, _total: int) -> None:
                if done and workers[0].poll() is None:
                    workers[0].kill()

            with executor_of(None, client.scheduler.address) as executor:
                # What was lost is computed again, not looked up.
                one, other = (executor.submit(uuid4).result() for _ in range(2))
                assert one != other
                there = tmp_path / "there"
                survey(MANY, output=there, shard=250, executor=executor, progress=killing)
            assert workers[0].poll() is not None
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
    survey(MANY, output=tmp_path / "here", shard=250)
    assert bytes_of(tmp_path / "here") == bytes_of(tmp_path / "there")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("random:N=2,seed=4", "range of seeds"),
        ("random:N=2,seed=4:4", "empty range"),
        ("random:N=2,seed=4:1000000000005", "more than 10\\^9 seeds"),
        ("random:n=2,seed=0:4", "not a key"),
        ("nowhere", "not a family of games"),
        ("nowhere.jsonl", "nowhere.jsonl"),
    ],
)
def test_what_is_no_family_is_refused(words, message):
    with pytest.raises(InputError, match=message):
        family(words)


@pytest.mark.parametrize(
    ("ask", "options", "message"),
    [
        ("gap", {"delta": "abc"}, "not a number"),
        ("gap", {"delta": "-1"}, "numbers > 0"),
        ("solve", {"digits": 0}, "digits must be a whole number from 1 to 5000"),
    ],
)
def test_options_are_judged_before_the_games(tmp_path, ask, options, message):
    with pytest.raises(InputError, match=message):
        survey(FAMILY, ask, output=tmp_path / "answers", options=options)
    assert not (tmp_path / "answers").exists()


def test_options_are_those_of_the_question(tmp_path):
    with pytest.raises(InputError, match="not an option of check"):
        survey(FAMILY, output=tmp_path, options={"digits": 3})
    with pytest.raises(InputError, match="ask must be one of"):
        survey(FAMILY, "why", output=tmp_path)


def test_the_command(tmp_path):
    words = ["survey", FAMILY, "-o", str(tmp_path / "out"), "--workers", "1", "--json"]
    done = CliRunner().invoke(app, words, standalone_mode=False)
    assert done.exception is None
    assert (done.return_value, json.loads(done.stdout)["games"]) == (0, 40)


def test_the_command_says_why_a_game_has_no_answer(tmp_path):
    path = tmp_path / "games.jsonl"
    path.write_text("[]\n")
    done = CliRunner().invoke(
        app, ["survey", str(path), "-o", str(tmp_path / "out")], standalone_mode=False
    )
    assert done.return_value == 3
    assert "games.jsonl:1: is not a game" in done.stderr


def test_a_game_of_a_stack_is_the_gallerys():
    games = family("random:N=2,m=3,p=1-2,T=2,seed=5:9")
    stack = games.stack(1, 4)
    assert stack is not None
    for k in range(3):
        game = gallery(games.name(1 + k))
        for t in range(2):
            of_stage = {notation.A: game.A[t]}
            for i in (1, 2):
                letters = (notation.B(i), game.B), (notation.Q(i), game.Q), (notation.R(i), game.R)
                of_stage |= {letter: own[i - 1][t] for letter, own in letters}
            for letter, exact in of_stage.items():
                X = stack.letters[letter][t * 3 + k]
                assert (abs(exactly(exact) - exactly(X.middle)) <= exactly(X.radii)).all()
                if letter != notation.A:
                    assert X.radius is None
