"""The stream: jobs of several members, submitted and now and then deleted at a steady rate; and what came of each call.

In: a seed. Out: what is to be done when (:func:`planned`, the same for the same seed, without end), and a log of
operations with the times of invocation and completion (:class:`Client`). A call without an answer is made again until
it has one: by its name, a job that is there already was accepted before.
"""

import contextlib
import itertools
import json
import random
import threading
import time
from dataclasses import dataclass

import urllib3

JOBS_PER_SECOND = 3.0
DELETED_PART = 0.12
IMAGE = "registry.example/trainer@sha256:" + "ab" * 32
# Who submits how often; what each may have is in faulted.py.
MEMBERS = {"north": 6, "south": 4, "west": 3, "east": 1}
TIERS = {"spot": 2, "standard": 5, "urgent": 2}
SHAPES = {(1, 1): 4, (1, 4): 3, (2, 2): 4, (2, 8): 1, (3, 4): 2, (1, 8): 1}


@dataclass(frozen=True)
class Planned:
    """A job: when it is submitted, how long after that its owner deletes it (None: never), in seconds; how it exits."""

    at: float
    name: str
    member: str
    document: dict
    deleted_after: float | None
    exit: int


def planned(seed):
    """Yield the stream's jobs."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    return (_planned(chance, number) for number in itertools.count())


def _planned(chance, number):
    def pick(weights):
        return chance.choices(list(weights), list(weights.values()))[0]

    member, tier, (replicas, gpus) = pick(MEMBERS), pick(TIERS), pick(SHAPES)
    runtime = f"{chance.randint(300, 3000)}ms"
    exits = "1" if chance.random() < 0.05 else "0"
    name = f"job-{number:04d}"
    deleted = chance.uniform(0.1, 8) if chance.random() < DELETED_PART else None
    annotations = {"hanse.dev/simulated-runtime": runtime, "hanse.dev/simulated-exit": exits}
    container = {"name": "trainer", "image": IMAGE, "command": ["torchrun", "train.py"]}
    document = {
        "apiVersion": "hanse.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": name, "namespace": member},
        "spec": {
            "tier": tier, "workers": {"replicas": replicas}, "gpusPerWorker": gpus,
            "accelerators": [{"class": "h100"}], "maxRuntime": "2h", "restart": {"limit": 1},
            "checkpoint": {"interval": "1m", "grace": "1s"}, "partitionTolerance": "1m",
            "template": {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}},
        },
    }  # fmt: skip
    return Planned(number / JOBS_PER_SECOND, name, member, document, deleted, int(exits))


class Client:
    """Submits and deletes as members do, and keeps a log of operations."""

    def __init__(self, kubeconfig):
        content = json.loads(kubeconfig.read_text())
        server = content["clusters"][0]["cluster"]
        self._url = server["server"]
        self._headers = {"Authorization": f"Bearer {content['users'][0]['user']['token']}"}
        self._http = urllib3.PoolManager(ca_certs=server["certificate-authority"], retries=False, timeout=10, maxsize=4)
        self._lock = threading.Lock()
        self.operations = []

    def submit(self, job):
        """Submit a job; its operation has the uid under which it was accepted."""
        path = _path(job.member)
        with self._recorded("submit", job) as operation:
            operation["exit"] = job.exit
            while (answer := self._call("POST", path, job.document))[0] not in {201, 409}:
                operation["refusals"] = operation.get("refusals", 0) + 1
                time.sleep(0.2)
            status, body = answer
            if status == 409:
                status, body = self._until(lambda: self._call("GET", f"{path}/{job.name}"))
            operation["uid"] = body["metadata"]["uid"] if status < 300 else None

    def delete(self, job):
        """Delete a job."""
        with self._recorded("delete", job):
            self._until(lambda: self._call("DELETE", f"{_path(job.member)}/{job.name}"))

    def _until(self, call):
        while (answer := call())[0] not in {200, 404}:
            time.sleep(0.2)
        return answer

    @contextlib.contextmanager
    def _recorded(self, what, job):
        operation = {"what": what, "name": job.name, "member": job.member, "invoked": time.time_ns() // 1000}
        with self._lock:
            self.operations.append(operation)
        yield operation
        operation["completed"] = time.time_ns() // 1000

    def _call(self, method, path, body=None):
        """Return status and body of an answer; 0 if there was none."""
        try:
            answer = self._http.request(method, self._url + path, json=body, headers=self._headers)
            return answer.status, json.loads(answer.data)
        except (urllib3.exceptions.HTTPError, ValueError):
            return 0, {}


def play(client, jobs, stop, is_over):
    """Play the stream in two threads: submissions, and deletions when their time has come. Return the threads.

    It goes on until *is_over* says of the number submitted that they are enough; *stop* ends it at once.
    """
    started = time.monotonic()
    accepted = threading.Condition()
    due = []

    def submit():
        for number, job in enumerate(jobs):
            if is_over(number) or stop.wait(max(0.0, started + job.at - time.monotonic())):
                break
            client.submit(job)
            if job.deleted_after is not None:
                with accepted:
                    due.append((time.monotonic() + job.deleted_after, job.name, job))
        with accepted:
            due.append((float("inf"), "", None))

    def delete():
        while not stop.is_set():
            with accepted:
                first = min(due, default=None)
            if first is None or first[0] > time.monotonic():
                if first is not None and first[2] is None:
                    return
                stop.wait(0.05)
                continue
            client.delete(first[2])
            with accepted:
                due.remove(first)

    threads = [threading.Thread(target=each, daemon=True) for each in (submit, delete)]
    for thread in threads:
        thread.start()
    return threads


def _path(member):
    return f"/apis/hanse.dev/v1alpha1/namespaces/{member}/trainingjobs"
