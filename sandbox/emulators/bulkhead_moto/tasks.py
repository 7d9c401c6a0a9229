"""ECS tasks: AWS's statuses, an interface that ECS owns, and `ECS Task State Change` events."""

from __future__ import annotations

import copy
import uuid
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2 import ec2_backends
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Task
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.moto_api import state_manager

from . import MENDS
from .clock import CLOCK, STEP_SECONDS
from .interfaces import checked_groups, give_to_service, remove_for_service
from .lookup import find_subnet
from .outbox import OUTBOX
from .paging import cut

STARTING = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING")
STOPPING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")
FARGATE_ACCOUNT = "210987654321"
"""Whose account an interface of Fargate is attached in; on AWS one of Amazon's own."""
MODEL = "moto.ecs.models"


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def set_status(task: Any, status: str) -> None:
    """Puts the task and its containers into a status, with a new version and an event."""
    task.last_status = status
    task.version += 1
    for container in task.containers:
        container.last_status = status if status in {"RUNNING", "STOPPED"} else "PENDING"
    _announce(task)


def _announce(task: Any) -> None:
    detail: dict[str, Any] = {
        "attachments": copy.deepcopy(task.attachments),
        "availabilityZone": getattr(task, "availability_zone", None),
        "clusterArn": task.cluster_arn,
        "connectivity": getattr(task, "connectivity", None),
        "containers": [_container_view(container) for container in task.containers],
        "createdAt": _stamp(task.created_at),
        "startedAt": _stamp(getattr(task, "started_at", None)),
        "stoppingAt": _stamp(getattr(task, "stopping_at", None)),
        "stoppedAt": _stamp(getattr(task, "stopped_at", None)),
        "stoppedReason": task.stopped_reason or None,
        "stopCode": getattr(task, "stop_code", None),
        "desiredStatus": task.desired_status,
        "group": task.group,
        "lastStatus": task.last_status,
        "launchType": task.launch_type or None,
        "overrides": {"containerOverrides": []},
        "platformVersion": task.platform_version,
        "startedBy": task.started_by or None,
        "taskArn": task.task_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "updatedAt": _stamp(_now()),
        "version": task.version,
    }
    for attachment in detail["attachments"]:
        attachment["type"] = "eni"
    shown = {key: value for key, value in detail.items() if value is not None}
    OUTBOX.put("aws.ecs", "ECS Task State Change", [task.task_arn], shown)


def _container_view(container: Any) -> dict[str, Any]:
    view = {
        "containerArn": container.container_arn,
        "lastStatus": container.last_status,
        "name": container.name,
        "networkInterfaces": container.network_interfaces,
    }
    return {key: value for key, value in view.items() if value not in (None, [])}


def _begin(task: Any, subnet_id: str | None, groups: list[str]) -> None:
    """Starts the task's way to RUNNING; its interface is made on the way, as on Fargate."""
    task.version = 0
    task.created_at = _now()
    task.connectivity = None
    if task.launch_type == "FARGATE":
        task.platform_version = "1.4.0"
    if subnet_id is not None:
        attachment = {"id": str(uuid.uuid4()), "type": "ElasticNetworkInterface"}
        task.attachments = [{**attachment, "status": "PRECREATED", "details": []}]
    task.interface = None
    steps = iter(STARTING)

    def step() -> None:
        if task.desired_status != "RUNNING":
            return
        status = next(steps, None)
        if status is None:
            return
        if status == "PENDING" and subnet_id is not None:
            _attach(task, subnet_id, groups)
        if status == "RUNNING":
            task.started_at = _now()
            task.connectivity = "CONNECTED"
        set_status(task, status)
        CLOCK.after(STEP_SECONDS / 2, step)

    # The first event comes after the call that made the task has filled in the rest of it.
    CLOCK.after(0, step)


def _attach(task: Any, subnet_id: str, groups: list[str]) -> None:
    backend = ec2_backends[task._account_id][task.region_name]
    attachment = task.attachments[0]
    name = f"arn:aws:ecs:{task.region_name}:{task._account_id}:attachment/{attachment['id']}"
    interface = backend.create_network_interface(
        subnet_id, None, group_ids=groups, description=name
    )
    give_to_service(interface, "ecs", FARGATE_ACCOUNT, f"eni-attach-{interface.id[4:]}")
    task.interface = interface
    task.availability_zone = interface.availability_zone
    attachment["status"] = "ATTACHED"
    attachment["details"] = [
        {"name": "subnetId", "value": subnet_id},
        {"name": "networkInterfaceId", "value": interface.id},
        {"name": "macAddress", "value": interface.mac_address},
        {"name": "privateIPv4Address", "value": interface.private_ip_address},
    ]
    for container in task.containers:
        container.network_interfaces = [
            {
                "attachmentId": attachment["id"],
                "privateIpv4Address": interface.private_ip_address,
            }
        ]


def stop(task: Any, reason: str | None, code: str = "UserInitiated") -> None:
    """Starts the task's way to STOPPED; its interface goes before the last step."""
    if task.desired_status == "STOPPED":
        return
    task.desired_status = "STOPPED"
    task.stopped_reason = reason or "Task stopped by user"
    task.stop_code = code
    task.stopping_at = _now()
    steps = iter(STOPPING)

    def step() -> None:
        status = next(steps, None)
        if status is None:
            return
        if status == "DEPROVISIONING":
            _detach(task)
        if status == "STOPPED":
            task.stopped_at = _now()
        set_status(task, status)
        CLOCK.after(STEP_SECONDS / 2, step)

    step()


def _detach(task: Any) -> None:
    if task.interface is not None:
        backend = ec2_backends[task._account_id][task.region_name]
        remove_for_service(backend, task.interface)
        task.interface = None
    for attachment in task.attachments:
        attachment["status"] = "DELETED"


@MENDS.mend(
    "ECS tasks",
    "tasks go through AWS's statuses and stay RUNNING; the interface is of their subnet and ECS's own",
    f"{MODEL}:Task.__init__",
    f"{MODEL}:Container.__init__",
    f"{MODEL}:EC2ContainerServiceBackend.stop_task",
    f"{MODEL}:EC2ContainerServiceBackend._calculate_task_resource_requirements",
    "moto.moto_api._internal.managed_state_model:ManagedState.status",
)
def _tasks_live() -> None:
    # A status changes when it is set here and never because somebody looked.
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 2**60})
    original = Task.__init__
    stop_task = EC2ContainerServiceBackend.stop_task

    def init(self: Any, cluster: Any, task_definition: Any, *args: Any, **kwargs: Any) -> None:
        network = kwargs.get("networking_configuration") or {}
        awsvpc = network.get("awsvpcConfiguration")
        plain = copy.copy(task_definition)
        plain.network_mode = "none"
        original(self, cluster, plain, *args, **kwargs)
        if task_definition.network_mode != "awsvpc":
            _begin(self, None, [])
            return
        if not awsvpc:
            raise InvalidParameterException(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            )
        subnet_id, groups = _place(self, kwargs["backend"], awsvpc)
        self.network_configuration = network
        _begin(self, subnet_id, groups)

    def stop_one(self: Any, cluster_str: str, task_str: str, reason: str | None) -> Any:
        cluster = self._get_cluster(cluster_str)
        task_id = task_str.split("/")[-1]
        for task in self.tasks.get(cluster.name, {}).values():
            if task.id == task_id and task.container_instance_arn is None:
                stop(task, reason)
                return task
        if not any(task.id == task_id for task in self.tasks.get(cluster.name, {}).values()):
            raise InvalidParameterException("The referenced task was not found.")
        return stop_task(self, cluster_str, task_str, reason)

    requirements = EC2ContainerServiceBackend._calculate_task_resource_requirements

    def with_memory(task_definition: Any) -> dict[str, Any]:
        # Fargate states memory for the task; moto wants it of each container.
        stated = copy.copy(task_definition)
        stated.container_definitions = [
            {"memory": 0, **container} for container in task_definition.container_definitions
        ]
        return requirements(stated)

    EC2ContainerServiceBackend._calculate_task_resource_requirements = staticmethod(with_memory)
    Task.__init__ = init
    EC2ContainerServiceBackend.stop_task = stop_one


def _place(task: Any, backend: Any, awsvpc: dict[str, Any]) -> tuple[str, list[str]]:
    """The least used of the subnets, and the groups, both checked as ECS checks them."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    subnets = list(awsvpc.get("subnets") or [])
    if not subnets or any(find_subnet(ec2, subnet) is None for subnet in subnets):
        raise InvalidParameterException("Error retrieving subnet information for the task.")
    groups = list(awsvpc.get("securityGroups") or [])
    checked_groups(ec2, groups, find_subnet(ec2, subnets[0]).vpc_id)
    used = [
        getattr(other, "subnet_id", None)
        for other in backend.tasks.get(task.cluster_name, {}).values()
        if other.group == task.group and other.desired_status == "RUNNING"
    ]
    task.subnet_id = min(subnets, key=used.count)
    return task.subnet_id, groups


@MENDS.mend(
    "ECS task reads",
    "ListTasks filters by service and status and pages; DescribeTasks names what is missing",
    f"{MODEL}:EC2ContainerServiceBackend.list_tasks",
    f"{MODEL}:EC2ContainerServiceBackend.describe_tasks",
    "moto.ecs.responses:EC2ContainerServiceResponse.list_tasks",
    "moto.ecs.responses:EC2ContainerServiceResponse.describe_tasks",
)
def _task_reads() -> None:
    describe = EC2ContainerServiceResponse.describe_tasks
    EC2ContainerServiceResponse.list_tasks = _list_tasks

    def describe_exactly(self: Any, cluster_str: str, tasks: list[str]) -> list[Any]:
        cluster = self._get_cluster(cluster_str)
        if not tasks:
            raise InvalidParameterException("Tasks cannot be empty.")
        wanted = {name.split("/")[-1] for name in tasks}
        held = self.tasks.get(cluster.name, {}).values()
        return [task for task in held if task.id in wanted]

    def with_failures(self: Any) -> Any:
        answer = describe(self)
        found = {task.id for task in answer.result["tasks"]}
        cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
        for name in self._get_param("tasks", []):
            task_id = name.split("/")[-1]
            if task_id not in found:
                arn = cluster.arn.replace(":cluster/", ":task/") + f"/{task_id}"
                answer.result["failures"].append({"arn": arn, "reason": "MISSING"})
        return answer

    EC2ContainerServiceBackend.describe_tasks = describe_exactly
    EC2ContainerServiceResponse.describe_tasks = with_failures


def _list_tasks(response: Any) -> Any:
    backend = response.ecs_backend
    cluster = backend._get_cluster(response._get_param("cluster", "default"))
    status = response._get_param("desiredStatus", "RUNNING")
    service = response._get_param("serviceName")
    family = response._get_param("family")
    launch_type = response._get_param("launchType")
    started_by = response._get_param("startedBy")
    found = [
        task
        for task in backend.tasks.get(cluster.name, {}).values()
        if task.desired_status == status
        and (not service or task.group == f"service:{service.split('/')[-1]}")
        and (not family or task.task_definition_arn.rsplit("/", 1)[-1].split(":")[0] == family)
        and (not launch_type or task.launch_type == launch_type)
        and (not started_by or task.started_by == started_by)
    ]
    size = min(100, int(response._get_param("maxResults", 100)))
    page, following = cut(found, size, response._get_param("nextToken"))
    result: dict[str, Any] = {"taskArns": [task.task_arn for task in page]}
    if following is not None:
        result["nextToken"] = following
    return ActionResult(result)
