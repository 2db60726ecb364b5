from tests.support.gateway import Tenant


async def test_a_gateway_starts_and_answers_404(tenant: Tenant) -> None:
    status, _ = await tenant.rest("GET", "/nowhere")
    assert status == 404
