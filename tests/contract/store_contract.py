"""The promise of platform/store/port.py, sentence by sentence. An adapter is what passes this."""

from __future__ import annotations

import asyncio
import base64
import math
from dataclasses import replace

import pytest

from tunewright.core.errors import Conflict, InvalidSpec, PeerError
from tunewright.platform.store.port import Check, Insert, Put, Query, Remove, Replace, Store

JOBS = "training_jobs"


def ready(number: int, **fields: object) -> dict[str, object]:
    return {"uid": "u", "number": number, "pool": "p", "state": "READY", "claim_order": float(number), **fields}


class StoreContract:
    """Subclass with a fixture `store`."""

    async def test_a_commit_is_read_back_as_it_was_written(self, store: Store) -> None:
        document = {
            "none": None,
            "truth": True,
            "int": 2**62,
            "float": 0.1 + 0.2,
            "small": 5e-324,
            "text": "Grüße\n",
            "bytes": b"\x00\xff",
            "list": [1, [2.5, "x"]],
            "dict": {"a": {"b": -1}},
        }
        await store.commit([Insert("sessions", "t", document)])
        stored = await store.get("sessions", "t")
        assert stored is not None
        assert (stored.key, stored.version, stored.document) == ("t", 1, document)
        assert type(stored.document["int"]) is int
        assert type(stored.document["truth"]) is bool

    async def test_floats_keep_all_their_bits(self, store: Store) -> None:
        await store.commit([Insert("sessions", "t", {"values": [math.inf, -math.inf, math.nan, -0.0]})])
        stored = await store.get("sessions", "t")
        assert stored is not None
        above, below, not_a_number, minus_zero = stored.document["values"]
        assert (above, below) == (math.inf, -math.inf)
        assert math.isnan(not_a_number)
        assert math.copysign(1, minus_zero) == -1

    async def test_integers_keep_all_their_bits_and_tuples_come_back_as_lists(self, store: Store) -> None:
        ints = (-(2**63), 2**63 - 1, 2**31, -1, 0)
        await store.commit([Insert("sessions", "t", {"ints": ints, "pairs": [(1, 2.0)]})])
        stored = await store.get("sessions", "t")
        assert stored is not None
        assert stored.document == {"ints": list(ints), "pairs": [[1, 2.0]]}
        assert {type(number) for number in stored.document["ints"]} == {int}

    async def test_keys_of_dicts_are_any_text(self, store: Store) -> None:
        document = {"configuration": {"a.b": 1, "$c": 2, "": 3, "~$": {"~": 4}, "ä％": 5, "$ref": "x", "$id": "y"}}
        await store.commit([Insert("sessions", "t", document)])
        await store.commit([Put("sessions", "t", document)])
        await store.commit([Replace("sessions", "t", document, 2)])
        stored = await store.get("sessions", "t")
        assert stored is not None
        assert stored.document == document

    async def test_what_is_returned_is_the_callers_own_copy(self, store: Store) -> None:
        await store.commit([Insert("sessions", "t", {"list": [1]})])
        first = await store.get("sessions", "t")
        assert first is not None
        first.document["list"].append(2)
        second = await store.get("sessions", "t")
        assert second is not None
        assert second.document == {"list": [1]}

    async def test_what_is_not_there_is_none(self, store: Store) -> None:
        assert await store.get("sessions", "nobody") is None
        assert await store.get_many("sessions", ["nobody"]) == {}

    async def test_get_many_returns_those_that_exist(self, store: Store) -> None:
        await store.commit([Insert("sessions", str(number), {"n": number}) for number in range(250)])
        found = await store.get_many("sessions", [str(number) for number in range(0, 500, 2)])
        assert sorted(item.document["n"] for item in found.values()) == list(range(0, 250, 2))

    async def test_versions_are_those_of_the_documents(self, store: Store) -> None:
        await store.commit([Insert("sessions", str(number), {"n": number}) for number in range(250)])
        await store.commit([Replace("sessions", "7", {"n": -7}, 1), Remove("sessions", "8", 1)])
        keys = [str(number) for number in range(500)]
        found = await store.versions("sessions", keys)
        assert found == {key: item.version for key, item in (await store.get_many("sessions", keys)).items()}
        assert (found["7"], "8" in found, len(found)) == (2, False, 249)
        assert await store.versions("sessions", []) == {}

    async def test_versions_count_changes_and_begin_anew_after_removal(self, store: Store) -> None:
        await store.commit([Insert("sessions", "t", {"n": 1})])
        await store.commit([Replace("sessions", "t", {"n": 2}, 1)])
        await store.commit([Put("sessions", "t", {"n": 3})])
        stored = await store.get("sessions", "t")
        assert stored is not None
        assert (stored.version, stored.document) == (3, {"n": 3})
        await store.commit([Remove("sessions", "t", 3)])
        await store.commit([Insert("sessions", "t", {"n": 4})])
        stored = await store.get("sessions", "t")
        assert stored is not None
        assert stored.version == 1

    @pytest.mark.parametrize(
        "failing",
        [
            Insert("sessions", "there", {}),
            Replace("sessions", "there", {}, 2),
            Replace("sessions", "missing", {}, 1),
            Remove("sessions", "there", 2),
            Remove("sessions", "missing", 1),
            Check("sessions", "there", 2),
            Check("sessions", "there", 0),
            Check("sessions", "missing", 1),
        ],
        ids=repr,
    )
    async def test_one_condition_that_does_not_hold_undoes_the_whole_commit(
        self, store: Store, failing: Insert | Replace | Remove | Check
    ) -> None:
        await store.commit([Insert("sessions", "there", {"n": 1})])
        before, after = Insert("sessions", "before", {}), Put("sessions", "after", {})
        with pytest.raises(Conflict):
            await store.commit([before, failing, after])
        assert await store.get_many("sessions", ["before", "after"]) == {}
        there = await store.get("sessions", "there")
        assert there is not None
        assert (there.version, there.document) == (1, {"n": 1})

    async def test_what_cannot_be_written_fails_alone(self, store: Store) -> None:
        with pytest.raises(Exception, match="surrogate"):
            await store.commit([Put("requests", "a\ud800", {})])
        for unwritable in ({"n": 2**70}, {"n": {"deep": [object()]}}):
            writes = [Put("requests", "beside", {}), Put("requests", "b", unwritable)]
            (refusal,) = await asyncio.gather(store.commit(writes), return_exceptions=True)
            assert refusal is not None
            assert not isinstance(refusal, PeerError)  # or its caller would try again for ever
        assert await store.get_many("requests", ["beside", "b"]) == {}
        await store.commit([Put("requests", "a", {})])
        assert await store.get("requests", "a") is not None

    async def test_checks_that_hold_write_nothing(self, store: Store) -> None:
        await store.commit([Insert("sessions", "there", {"n": 1})])
        await store.commit(
            [Check("sessions", "there", 1), Check("sessions", "missing", 0), Remove("sessions", "missing")]
        )
        there = await store.get("sessions", "there")
        assert there is not None
        assert there.version == 1

    async def test_of_two_replacements_of_one_version_one_succeeds(self, store: Store) -> None:
        await store.commit([Insert("sessions", "t", {"n": 0})])
        outcomes = await asyncio.gather(
            *(store.commit([Replace("sessions", "t", {"n": number}, 1)]) for number in range(20)),
            return_exceptions=True,
        )
        assert sum(outcome is None for outcome in outcomes) == 1
        assert all(outcome is None or isinstance(outcome, Conflict) for outcome in outcomes)

    async def test_counters_under_contention_lose_nothing(self, store: Store) -> None:
        await store.commit([Insert("sessions", "t", {"n": 0})])

        async def increment() -> None:
            while True:
                stored = await store.get("sessions", "t")
                assert stored is not None
                try:
                    await store.commit([Replace("sessions", "t", {"n": stored.document["n"] + 1}, stored.version)])
                except Conflict:
                    continue
                return

        await asyncio.gather(*(increment() for _ in range(30)))
        stored = await store.get("sessions", "t")
        assert stored is not None
        assert stored.document == {"n": 30}

    async def test_pages_walk_through_all_matches_in_order_once(self, store: Store) -> None:
        await store.commit([Insert(JOBS, f"u/{number:03d}", ready(number % 7)) for number in range(50)])
        await store.commit([Insert(JOBS, "other", ready(1, uid="v"))])
        for descending in (False, True):
            seen, after = [], None
            while True:
                page = await store.find(
                    Query(JOBS, "by_job", {"uid": "u"}, descending=descending, limit=8, after=after)
                )
                seen += [(item.document["number"], item.key) for item in page.items]
                after = page.next
                if after is None:
                    break
            assert seen == sorted(seen, reverse=descending)
            assert len(seen) == len(set(seen)) == 50

    async def test_documents_of_any_of_several_values_are_found_in_one_order(self, store: Store) -> None:
        for number, holder in enumerate("abcabcabcab"):
            fields = {"holder": holder, "state": "READY" if number == 4 else "RUNNING"}
            await store.commit([Insert(JOBS, f"u/{number:03d}", ready(number, **fields))])
        found, after = [], None
        while True:
            equals = {"holder": ("b", "c", "nobody"), "state": "RUNNING"}
            page = await store.find(Query(JOBS, "by_holder", equals, limit=2, after=after))
            found += [item.document["number"] for item in page.items]
            after = page.next
            if after is None:
                break
        assert found == [1, 2, 5, 7, 8, 10]
        nobody = await store.find(Query(JOBS, "by_holder", {"holder": (), "state": "RUNNING"}))
        assert (nobody.items, nobody.next) == ([], None)

    async def test_a_walk_goes_on_while_documents_come_and_go(self, store: Store) -> None:
        await store.commit([Insert(JOBS, f"u/{number:03d}", ready(number)) for number in range(20)])
        first = await store.find(Query(JOBS, "by_job", {"uid": "u"}, limit=10))
        await store.commit(
            [Remove(JOBS, "u/009"), Insert(JOBS, "u/early", ready(-1)), Insert(JOBS, "u/late", ready(99))]
        )
        second = await store.find(Query(JOBS, "by_job", {"uid": "u"}, limit=50, after=first.next))
        assert [item.document["number"] for item in second.items] == [*range(10, 20), 99]

    async def test_a_page_token_that_was_not_given_out_is_refused(self, store: Store) -> None:
        for content in (b"nonsense", b"\x01", b"\x91\xc0", b"\x92\xc0\x90"):
            query = Query("tuning_jobs", "active", {"active": True}, after=base64.urlsafe_b64encode(content).decode())
            with pytest.raises(InvalidSpec, match="page_token"):
                await store.find(query)

    async def test_long_pages_are_whole(self, store: Store) -> None:
        await store.commit([Insert(JOBS, f"u/{number:04d}", ready(number)) for number in range(700)])
        page = await store.find(Query(JOBS, "by_job", {"uid": "u"}, limit=1000))
        assert [item.document["number"] for item in page.items] == list(range(700))
        assert page.next is None

    async def test_of_documents_the_fields_that_are_needed_are_returned(self, store: Store) -> None:
        details = {"cause": "EXITED", "seconds": [0.5, math.inf]}
        await store.commit([Insert(JOBS, "u/1", ready(1, exit=details)), Insert(JOBS, "u/2", ready(2))])
        query = Query(JOBS, "by_job", {"uid": "u"}, limit=1, fields=("number", "exit"))
        first = await store.find(query)
        assert [item.document for item in first.items] == [{"number": 1, "exit": details}]
        assert (first.items[0].key, first.items[0].version) == ("u/1", 1)
        rest = await store.find(replace(query, limit=200, after=first.next))
        assert [item.document for item in rest.items] == [{"number": 2}]
        only = await store.find(replace(query, fields=("state",)))
        assert [item.document.keys() - {"number"} for item in only.items] == [{"state"}]

    async def test_bounds_take_in_the_lower_end_and_leave_out_the_upper(self, store: Store) -> None:
        await store.commit([Insert(JOBS, f"u/{number}", ready(number)) for number in range(10)])
        page = await store.find(Query(JOBS, "by_job", {"uid": "u"}, low=3, high=6))
        assert [item.document["number"] for item in page.items] == [3, 4, 5]

    async def test_due_documents_are_found_and_those_without_a_deadline_are_not(self, store: Store) -> None:
        due = {"a": 10.0, "b": 20.0, "c": 30.0, "d": None}
        await store.commit([Insert(JOBS, key, ready(0, due_at=due_at)) for key, due_at in due.items()])
        page = await store.find(Query(JOBS, "due", high=25.0))
        assert [item.key for item in page.items] == ["a", "b"]

    async def test_indexes_follow_changes(self, store: Store) -> None:
        claimable = Query(JOBS, "claimable", {"pool": "p", "state": "READY"})
        await store.commit([Insert(JOBS, "u/1", ready(1))])
        assert [item.key for item in (await store.find(claimable)).items] == ["u/1"]
        await store.commit([Replace(JOBS, "u/1", ready(1, state="RUNNING"), 1)])
        assert (await store.find(claimable)).items == []

    async def test_the_clock_does_not_stand_still_or_run_back(self, store: Store) -> None:
        first = await store.now()
        assert 1.7e9 < first <= await store.now()

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize(
        ("index", "equals", "order"),
        [
            ("by_creation", {"owner": "ada"}, [2, 3, 1]),
            ("by_name_key", {"owner": "ada"}, [3, 1, 2]),
            ("by_status", {"owner": "ada", "shown": "Completed"}, [2, 1]),
            ("by_job_and_status", {"uid": "u", "shown": "Completed"}, [1, 2]),
        ],
    )
    async def test_an_owners_trainings_are_found_in_every_order_a_page_at_a_time(
        self, store: Store, index: str, equals: dict[str, object], order: list[int], descending: bool
    ) -> None:
        kept = {1: ("b", 30.0, "Completed"), 2: ("c", 10.0, "Completed"), 3: ("a", 20.0, "Failed")}
        for number, (name, created_at, shown) in kept.items():
            fields = {"owner": "ada", "name_key": name, "created_at": created_at, "shown": shown}
            await store.commit([Insert(JOBS, f"u/{number}", ready(number, **fields))])
        other = ready(4, uid="v", owner="bob", name_key="a", created_at=1.0, shown="Completed")
        await store.commit([Insert(JOBS, "v/4", other)])
        found: list[int] = []
        after: str | None = None
        while True:
            page = await store.find(Query(JOBS, index, equals, descending=descending, limit=1, after=after))
            found += [item.document["number"] for item in page.items]
            if page.next is None:
                break
            after = page.next
        assert found == (order[::-1] if descending else order)
