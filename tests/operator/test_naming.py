"""Lists of jobs are made page by page: a page costs what it holds, and has what a walk through all would find."""

import hypothesis
from hypothesis import strategies as st

from hanse.operator.naming import Names

NAMED = st.tuples(st.sampled_from("abc"), st.sampled_from(["a", "aa", "b", "\U0010ffff"]), st.integers(0, 30))


@hypothesis.given(
    st.lists(st.tuples(st.booleans(), NAMED)),
    st.sets(st.sampled_from("abcd")),
    st.tuples(st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "a", "aa", "b"])),
    st.integers(0, 5),
)
def test_a_page_is_what_a_walk_through_all_would_find(changes, namespaces, after, most):
    names, there = Names(), {}
    for comes, (namespace, name, number) in changes:
        uid = f"uid-{number}"
        if comes:
            names.put(uid, *there.setdefault(uid, (namespace, name)))
        else:
            names.drop(uid)
            there.pop(uid, None)
    found = sorted((*named, uid) for uid, named in there.items() if named[0] in namespaces and named > after)
    assert found[:most] == names.page(namespaces, after, most)


class Counting(list):
    """A list that counts what is read of it."""

    read = 0

    def __getitem__(self, index):
        self.read += 1
        return super().__getitem__(index)


def test_a_page_of_many_jobs_looks_at_few():
    names = Names()
    for number in range(20_000):
        names.put(str(number), "red", f"job-{number:05}")
    looked = names._by_namespace["red"] = Counting(names._by_namespace["red"])
    assert ["job-10001", "job-10002"] == [name for _, name, _ in names.page(["red"], ("red", "job-10000"), 2)]
    assert looked.read < 40
