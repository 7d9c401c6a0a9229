"""Instance profiles live in MiniStack's IAM; moto keeps a copy of those that instances use."""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.ec2.models import iam_instance_profile
from moto.ec2.responses import instances as instance_responses
from moto.iam.models import InstanceProfile, iam_backends

from internal_route import front_door

from . import MENDS

logger = logging.getLogger("bulkhead.moto")

TIMEOUT_SECONDS = 5
ASK_AGAIN_SECONDS = 5.0

_asked_at: dict[str, float] = {}


def mirror_profile(account_id: str, name: str, path: str, profile_id: str) -> None:
    """Puts a profile with this identity into moto's IAM; its role does not matter there."""
    backend = iam_backends[account_id]["aws"]
    held = backend.instance_profiles.get(name)
    if held is not None and held.id == profile_id and held.path == path:
        return
    backend.instance_profiles[name] = InstanceProfile(
        account_id=account_id,
        region_name="us-east-1",
        instance_profile_id=profile_id,
        name=name,
        path=path,
        roles=[],
    )


def ensure_profile(account_id: str, name: str | None, arn: str | None) -> None:
    """Copies a profile from the IAM behind the front door; what is unknown there is not launched."""
    endpoint = front_door()
    wanted = name or (arn or "").rsplit("/", 1)[-1]
    if endpoint is None or not wanted:
        return
    if time.monotonic() - _asked_at.get(wanted, -ASK_AGAIN_SECONDS) < ASK_AGAIN_SECONDS:
        return
    try:
        found = _iam(endpoint).get_instance_profile(InstanceProfileName=wanted)["InstanceProfile"]
    except ClientError as error:
        logger.info("instance profile `%s` is not in IAM: %s", wanted, error)
        iam_backends[account_id]["aws"].instance_profiles.pop(wanted, None)
        return
    except BotoCoreError as error:
        logger.warning("instance profile `%s` could not be read: %s", wanted, error)
        return
    _asked_at[wanted] = time.monotonic()
    mirror_profile(
        account_id, found["InstanceProfileName"], found["Path"], found["InstanceProfileId"]
    )


@cache
def _iam(endpoint: str) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            retries={"max_attempts": 1},
        ),
    )


@MENDS.mend(
    "instance profiles",
    "a profile that IAM knows can be launched with",
    "moto.ec2.utils:filter_iam_instance_profiles",
    "moto.ec2.models.iam_instance_profile:"
    "IamInstanceProfileAssociationBackend.associate_iam_instance_profile",
    "moto.iam.models:InstanceProfile.__init__",
)
def _profiles_are_copied() -> None:
    original = instance_responses.filter_iam_instance_profiles

    def copied_first(account_id: str, *args: Any, **kwargs: Any) -> Any:
        ensure_profile(
            account_id,
            kwargs.get("iam_instance_profile_name"),
            kwargs.get("iam_instance_profile_arn"),
        )
        return original(account_id, *args, **kwargs)

    instance_responses.filter_iam_instance_profiles = copied_first
    iam_instance_profile.filter_iam_instance_profiles = copied_first
