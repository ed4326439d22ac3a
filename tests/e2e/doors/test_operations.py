"""Both doors offer the same operations, and the tests of this folder send every one of them to both."""

from collections.abc import Mapping

import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.support.api_operations import Operation as HttpOperation
from tests.support.api_operations import operations_of
from tests.support.doors.operations import GRPC_NAMES, ONLY_GRPC, ONLY_HTTP, OPERATIONS, Operation
from tests.support.doors.site import Site

ADD = "add to tests/support/doors/operations.py"


@pytest.fixture(scope="module")
def routes(site: Site) -> Mapping[str, HttpOperation]:
    """The routes of the API, in the document that the server serves."""
    document = site.system.get("/api/v1/swagger/spec").json()
    return {
        str(operation): operation
        for operation in operations_of(document)
        if operation.path.startswith("/api/v1/")
    }


@pytest.fixture(scope="module")
def methods(site: Site) -> Mapping[str, MethodDescriptor]:
    """The methods of our services, as the gRPC server describes them."""
    database = ProtoReflectionDescriptorDatabase(site.channel)
    pool = DescriptorPool(database)
    services = [
        pool.FindServiceByName(name) for name in database.get_services() if not name.startswith("grpc.")
    ]
    return {
        f"{service.full_name}/{method.name}": method for service in services for method in service.methods
    }


def test_every_operation_is_at_both_doors_or_there_is_a_reason(
    routes: Mapping[str, HttpOperation], methods: Mapping[str, MethodDescriptor]
) -> None:
    named_routes = {operation.route for operation in OPERATIONS.values()} | ONLY_HTTP.keys()
    named_methods = {operation.rpc for operation in OPERATIONS.values()} | ONLY_GRPC.keys()

    assert routes.keys() ^ named_routes == set(), ADD
    assert methods.keys() ^ named_methods == set(), ADD


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_both_doors_give_a_field_the_same_name(
    routes: Mapping[str, HttpOperation], methods: Mapping[str, MethodDescriptor], operation: Operation
) -> None:
    places = routes[operation.route].places()
    at_http = {name for place, name in places if place != "header"}
    at_grpc = {field.name for field in methods[operation.rpc].input_type.fields}

    assert {GRPC_NAMES.get(name, name) for name in at_http} == at_grpc
    assert at_http >= set(operation.fields)
