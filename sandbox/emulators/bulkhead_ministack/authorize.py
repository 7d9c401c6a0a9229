"""Whether a caller may make calls that another emulator will answer: identity and verdicts of IAM."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import AuthError, CredentialResolutionError, EvalContext
from ministack.core.responses import get_account_id
from ministack.services import lambda_svc, sts

DECISIONS = {"Allow": "Allow", "Deny": "ExplicitDeny"}
REGION = "us-east-1"
CHAIN_MAX = 8


def authorize(question: dict[str, Any]) -> dict[str, Any]:
    """Judges `{accessKeyId, sessionToken?, calls: [{action, resource, context}]}`.

    Answers `{principalArn, principalType, root, functionName?, decisions, error?}` with one decision
    per call: Allow, ImplicitDeny or ExplicitDeny. All policies count: inline, attached, of groups,
    permissions boundary and session policies. An unknown key or a wrong token allows nothing.
    """
    key = str(question.get("accessKeyId") or "")
    calls = list(question.get("calls") or [])
    credential = iam_evaluator.resolve_credential(
        key, _account_of(key), str(question.get("sessionToken") or "")
    )
    if isinstance(credential, CredentialResolutionError):
        return _refused(calls, credential.code)
    principal = iam_evaluator.resolve_principal(key, credential.account_id, credential)
    if isinstance(principal, AuthError):
        return _refused(calls, principal.code)
    answer: dict[str, Any] = {
        "principalArn": principal.arn,
        "principalType": principal.type,
        "root": principal.policies is None,
        "decisions": [_decide(principal, call) for call in calls],
    }
    function = function_behind(key)
    if function is not None:
        answer["functionName"] = function
    return answer


def _account_of(key: str) -> str:
    owner = iam_evaluator.find_iam_access_key_account(key)
    session = sts._sessions.get(key)
    return owner or (session or {}).get("AccountId") or get_account_id()


def _refused(calls: list[Any], code: str) -> dict[str, Any]:
    return {
        "principalArn": "",
        "principalType": "",
        "root": False,
        "decisions": ["ImplicitDeny" for _ in calls],
        "error": code,
    }


def _decide(principal: Any, call: dict[str, Any]) -> str:
    if principal.policies is None:
        return "Allow"
    context = {name.lower(): value for name, value in (call.get("context") or {}).items()}
    context.setdefault("aws:tagkeys", None)
    asked = EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=call["action"],
        resource_arn=call.get("resource") or "*",
        region=context.get("ec2:region") or REGION,
        service_context=context,
        principal_keys=principal.keys,
    )
    result = iam_evaluator.evaluate(asked, principal.policies, *principal.limits)
    return DECISIONS.get(result.decision, "ImplicitDeny")


def function_behind(key: str) -> str | None:
    """The Lambda function whose credentials these are, also through roles that it assumed."""
    for _ in range(CHAIN_MAX):
        session = sts._sessions.get(key)
        if session is None:
            return None
        name = str(session.get("Arn", "")).rsplit("/", 1)[-1]
        source = session.get("SourceAccessKeyId")
        if source and source != key and sts._sessions.get(source) is not None:
            key = source
            continue
        return name if name in lambda_svc._functions else None
    return None
