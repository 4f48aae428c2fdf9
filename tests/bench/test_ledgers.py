"""The benches of the ledger, in small: they run, hold what they promise, and say so."""

from hanse.bench import auditing, ingesting, tampering


def test_what_is_tampered_with_is_found_with_witnesses():
    report = tampering.run(0.02)
    assert report.figures["manipulations"] == 24
    assert report.figures["found_fraction_with_witnesses"] == 1
    assert report.inputs["missed_with_witnesses"] == {}
    assert not report.passed  # a hundredth is not a thousand


def test_a_day_is_made_that_holds_and_is_verified(monkeypatch):
    monkeypatch.setattr(auditing, "HOURS", 2)
    figures = auditing.run(0.0005).figures
    assert (figures["slots"], figures["rss_bytes_max"] > 0) == (10 * 24, True)


def test_the_memory_of_a_verification_is_not_that_of_the_maker_of_the_day(monkeypatch):
    monkeypatch.setattr(auditing, "HOURS", 1)
    here = bytearray(2**29)
    here[::4096] = b"x" * (len(here) // 4096)  # each page is resident
    assert auditing.run(0.0001).figures["rss_bytes_max"] < len(here)


def test_slots_go_through_the_api_service_and_are_sealed():
    report = ingesting.run(0.001)
    assert (report.figures["postings"], report.inputs["nodes"]) == (44, 20)
