"""ECS services keep as many tasks as they were asked for."""

from __future__ import annotations

import uuid
from typing import Any

from moto.core.utils import utcnow
from moto.ecs.models import EC2ContainerServiceBackend

from . import MENDS
from .clock import CLOCK, STEP_SECONDS
from .outbox import OUTBOX
from .tasks import stop

MODEL = "moto.ecs.models"


def tasks_of(backend: Any, service: Any) -> list[Any]:
    """The service's tasks that are to run, oldest first."""
    return [
        task
        for task in backend.tasks.get(service.cluster_name, {}).values()
        if task.group == f"service:{service.name}" and task.desired_status == "RUNNING"
    ]


def settle(backend: Any, service: Any) -> None:
    """Starts or stops tasks until the service has its desired count, and keeps the counters true."""
    held = tasks_of(backend, service)
    deployment = service.deployments[0]["id"] if service.deployments else None
    current = [task for task in held if deployment is None or task.started_by == deployment]
    old = [task for task in held if task not in current]
    wanted = service.desired_count if service.status == "ACTIVE" else 0
    missing = wanted - len(current)
    if missing > 0:
        _start(backend, service, deployment or "", missing)
    # A new deployment's tasks come first; those of the old one go when the new ones were asked for.
    for task in (*old, *current[wanted:]):
        stop(task, "Scaling activity initiated by deployment", "ServiceSchedulerInitiated")
    _count(backend, service)
    CLOCK.after(STEP_SECONDS, lambda: _follow(backend, service))


def _start(backend: Any, service: Any, deployment: str, count: int) -> None:
    definition = backend.describe_task_definition(service.task_definition)
    tags: list[dict[str, str]] = []
    if service.propagate_tags == "SERVICE":
        tags = list(service.tags)
    elif service.propagate_tags == "TASK_DEFINITION":
        tags = list(definition.tags)
    backend.run_task(
        service.cluster_name,
        service.task_definition,
        count,
        None,
        deployment,
        [dict(tag) for tag in tags],
        service.launch_type,
        service.network_configuration or None,
        f"service:{service.name}",
        service.platform_version,
    )


def _count(backend: Any, service: Any) -> None:
    held = tasks_of(backend, service)
    running = sum(1 for task in held if task.last_status == "RUNNING")
    service.running_count = running
    service.pending_count = len(held) - running
    for deployment in service.deployments:
        deployment["desiredCount"] = service.desired_count
        deployment["runningCount"] = running
        deployment["pendingCount"] = service.pending_count
        done = running >= service.desired_count
        deployment["rolloutState"] = "COMPLETED" if done else "IN_PROGRESS"


def _follow(backend: Any, service: Any) -> None:
    """Counts again until nothing is pending; then says that the service is steady."""
    _count(backend, service)
    if service.pending_count:
        CLOCK.after(STEP_SECONDS, lambda: _follow(backend, service))
        return
    if getattr(service, "steady_at", None) == service.running_count:
        return
    service.steady_at = service.running_count
    detail = {
        "eventType": "INFO",
        "eventName": "SERVICE_STEADY_STATE",
        "clusterArn": service.cluster_arn,
        "createdAt": utcnow().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    OUTBOX.put("aws.ecs", "ECS Service Action", [service.arn], detail)


def _new_deployment(service: Any) -> None:
    now = utcnow()
    service.deployments[0] |= {
        "id": f"ecs-svc/{uuid.uuid4().int % 10**19}",
        "createdAt": now,
        "updatedAt": now,
        "networkConfiguration": service.network_configuration,
        "taskDefinition": service.task_definition,
    }


@MENDS.mend(
    "ECS services",
    "a service makes, replaces and stops tasks with its subnets, groups and propagated tags",
    f"{MODEL}:EC2ContainerServiceBackend.create_service",
    f"{MODEL}:EC2ContainerServiceBackend.update_service",
    f"{MODEL}:EC2ContainerServiceBackend.delete_service",
    f"{MODEL}:EC2ContainerServiceBackend.run_task",
    f"{MODEL}:Service.__init__",
)
def _services_have_tasks() -> None:
    Backend = EC2ContainerServiceBackend
    create, update, delete = Backend.create_service, Backend.update_service, Backend.delete_service
    stop_task = Backend.stop_task

    def create_service(self: Any, *args: Any, **kwargs: Any) -> Any:
        service = create(self, *args, **kwargs)
        CLOCK.after(0, lambda: settle(self, service))
        return service

    def update_service(self: Any, properties: dict[str, Any]) -> Any:
        fresh = any(
            properties.get(key)
            for key in ("network_configuration", "task_definition", "force_new_deployment")
        )
        service = update(self, properties)
        if fresh and service.deployments:
            _new_deployment(service)
        CLOCK.after(0, lambda: settle(self, service))
        return service

    def delete_service(self: Any, *args: Any, **kwargs: Any) -> Any:
        service = delete(self, *args, **kwargs)
        service.desired_count = 0
        CLOCK.after(0, lambda: settle(self, service))
        return service

    def stop_and_replace(self: Any, *args: Any, **kwargs: Any) -> Any:
        task = stop_task(self, *args, **kwargs)
        for service in self.services.values():
            if service.cluster_name == task.cluster_name and task.group == f"service:{service.name}":
                CLOCK.after(STEP_SECONDS, lambda service=service: settle(self, service))
        return task

    Backend.create_service = create_service
    Backend.update_service = update_service
    Backend.delete_service = delete_service
    Backend.stop_task = stop_and_replace
