"""Both doors offer the same operations, and the tests of this folder send every one of them to both."""

from collections.abc import Mapping

import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.support.api_operations import Operation as HttpOperation
from tests.support.api_operations import operations_of
from tests.support.doors.operations import GRPC_NAMES, ONLY_GRPC, ONLY_HTTP, OPERATIONS
from tests.support.doors.site import Site

ADD = "add to tests/support/doors/operations.py"


def routes(site: Site) -> Mapping[str, HttpOperation]:
    """The routes of the API, in the document that the server serves."""
    document = site.system.get("/api/v1/swagger/spec").json()
    return {
        str(operation): operation
        for operation in operations_of(document)
        if operation.path.startswith("/api/v1/")
    }


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


def test_every_operation_is_at_both_doors_or_there_is_a_reason(site: Site) -> None:
    named_routes = {operation.route for operation in OPERATIONS.values()} | ONLY_HTTP.keys()
    named_methods = {operation.rpc for operation in OPERATIONS.values()} | ONLY_GRPC.keys()

    assert routes(site).keys() ^ named_routes == set(), ADD
    assert methods(site).keys() ^ named_methods == set(), ADD


@pytest.mark.parametrize("name", OPERATIONS)
def test_both_doors_give_a_field_the_same_name(site: Site, name: str) -> None:
    operation = OPERATIONS[name]
    route, method = routes(site)[operation.route], methods(site)[operation.rpc]

    at_http = {field for place, field in route.places() if place != "header"}
    at_grpc = {field.name for field in method.input_type.fields}

    assert {GRPC_NAMES.get(field, field) for field in at_http} == at_grpc
    assert at_http >= set(operation.fields)
