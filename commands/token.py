"""Print a bearer token, signed with this installation's secret."""

from __future__ import annotations

import argparse
import sys
from uuid import UUID, uuid4

from commands.secret import FIRST_TOKEN_DAYS, first_organization, with_secret
from resolvers.auth import Role, make_token
from settings import Settings

DAY_S = 24 * 3600
MAX_DAYS = 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.USER.value,
        help="user: bound to one organization (default); admin: names the organization with each call",
    )
    organization = parser.add_mutually_exclusive_group()
    organization.add_argument(
        "--organization", type=_uuid, metavar="UUID", help="a user's organization (default: that of the first start)"
    )
    organization.add_argument("--new-organization", action="store_true", help="a user's organization is a new one")
    parser.add_argument("--days", type=_days, default=FIRST_TOKEN_DAYS, help="lifetime in days (default: %(default)s)")
    parser.add_argument("--subject", default="command-line", help="who the token is for (default: %(default)s)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    settings = with_secret(settings)
    role = Role(args.role)
    organization_id = _organization(args, settings) if role is Role.USER else None
    print(
        make_token(
            settings.jwt_secret.get_secret_value(),
            subject=args.subject,
            role=role,
            organization_id=organization_id,
            lifetime_s=round(args.days * DAY_S),
        )
    )
    print(f"organization: {organization_id or 'named per call in X-Organization-Id'}", file=sys.stderr)
    return 0


def _organization(args: argparse.Namespace, settings: Settings) -> str:
    if args.new_organization:
        return str(uuid4())
    return args.organization or first_organization(settings)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise argparse.ArgumentTypeError("must be a UUID") from None


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0
    if not 0 < days <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"must be a number of days, more than 0 and at most {MAX_DAYS}")
    return days
