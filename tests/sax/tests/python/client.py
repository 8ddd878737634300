"""A client that another compiler made of the same .proto files: from publish to unpublish.

Arguments: the admin server's address, the model server's. Prints what it saw, a line each.
"""

import sys
import time

import grpc
from saxml.protobuf import admin_pb2
from saxml.protobuf import admin_pb2_grpc
from saxml.protobuf import common_pb2
from saxml.protobuf import lm_pb2
from saxml.protobuf import lm_pb2_grpc
from saxml.protobuf import modelet_pb2
from saxml.protobuf import modelet_pb2_grpc

MODEL = "/sax/test/m1"
DEADLINE = 30


def main(admin_address, server_address):
    admin = admin_pb2_grpc.AdminStub(grpc.insecure_channel(admin_address))
    channel = grpc.insecure_channel(server_address)
    modelet = modelet_pb2_grpc.ModeletStub(channel)
    lm = lm_pb2_grpc.LMServiceStub(channel)

    model = admin_pb2.Model(
        model_id=MODEL,
        model_path="lm.Fake",
        checkpoint_path="None",
        requested_num_replicas=1,
        overrides={"BATCH_SIZE": "4"},
    )
    publish = admin_pb2.PublishRequest(model=model)
    admin.Publish(publish, timeout=DEADLINE)
    try:
        admin.Publish(publish, timeout=DEADLINE)
    except grpc.RpcError as error:
        print("again", error.code().name, error.details())

    ready = admin_pb2.WaitForReadyRequest(model_id=MODEL, num_replicas=1)
    admin.WaitForReady(ready, timeout=DEADLINE)
    listed = admin.List(admin_pb2.ListRequest(model_id=MODEL), timeout=DEADLINE)
    published = listed.published_models[0]
    print("overrides", dict(published.model.overrides))
    print("assigned", published.modelet_addresses[0] == server_address)
    watch = admin_pb2.WatchLocRequest(model_id=MODEL)
    seen = admin.WatchLoc(watch, timeout=DEADLINE)
    print("change", seen.result.changelog[0].WhichOneof("kind"), seen.result.next_seqno)

    status = modelet.GetStatus(modelet_pb2.GetStatusRequest(), timeout=DEADLINE)
    print("status", common_pb2.ModelStatus.Name(status.models[0].model_status))
    request = lm_pb2.GenerateRequest(model_key=MODEL, text="hi")
    request.extra_inputs.items["temperature"] = 0.5
    answer = lm.Generate(request, timeout=DEADLINE)
    print("generate", answer.texts[0].text, answer.texts[0].score)
    text = ""
    for piece in lm.GenerateStream(request, timeout=DEADLINE):
        item = piece.items[0]
        text = text[: item.prefix_len] + item.text
    print("stream", text)
    stats = admin.Stats(admin_pb2.StatsRequest(), timeout=DEADLINE)
    stat = stats.model_server_type_stats[0]
    print("chip", admin_pb2.ModelServer.ChipType.Name(stat.chip_type), stat.num_replicas)

    admin.Unpublish(admin_pb2.UnpublishRequest(model_id=MODEL), timeout=DEADLINE)
    until = time.monotonic() + DEADLINE
    while modelet.GetStatus(modelet_pb2.GetStatusRequest(), timeout=DEADLINE).models:
        if time.monotonic() > until:
            sys.exit("the model was never unloaded")
        time.sleep(0.01)
    print("unloaded")


main(*sys.argv[1:])
