// Any bytes as a page of a list, and as a watch, cut into pieces: each change
// that is passed on has a name and a version, and the client goes on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/kubernetes/list_watch.h"

namespace lb::kubernetes {
namespace {

constexpr size_t kLineBytesMax = 4096;
constexpr size_t kObjectsMax = 8;

const absl::Time kNow = absl::UnixEpoch() + absl::Seconds(1000);

ReflectorOptions Options() {
  return {.resource = {"", "v1", "services"},
          .selector = {"spec.type", "LoadBalancer"},
          .page_bytes_max = 32 << 10,
          .line_bytes_max = kLineBytesMax,
          .objects_max = kObjectsMax};
}

void CheckChanges(ListWatch& core) {
  for (const Change& change : core.TakeChanges()) {
    if (change.kind == Change::Kind::kListed) continue;
    LB_CHECK(!change.meta.key.name.empty());
    if (change.kind == Change::Kind::kDeleted) continue;
    LB_CHECK(!change.meta.resource_version.empty());
    LB_CHECK(change.object.Find("metadata") != nullptr);
  }
  LB_CHECK(core.view().size() <= kObjectsMax);
}

// It has a request under way, or a deadline.
void CheckProgress(ListWatch& core) {
  const ListWatch::Order order = core.TakeOrder();
  LB_CHECK(order.send || core.deadline() < absl::InfiniteFuture());
}

void Answer(ListWatch& core, std::string_view body, size_t piece) {
  core.TakeOrder();
  core.OnHead(kNow, 200, {});
  while (!body.empty()) {
    const size_t size = std::min(piece, body.size());
    core.OnBody(kNow, body.substr(0, size));
    body.remove_prefix(size);
    CheckChanges(core);
  }
  core.OnEnd(kNow, absl::OkStatus());
  CheckChanges(core);
  CheckProgress(core);
}

void Check(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t piece = 1 + static_cast<uint8_t>(bytes.front()) * 16;
  bytes.remove_prefix(1);

  ListWatch lister(Options(), Prng(1));
  lister.Start(kNow);
  Answer(lister, bytes, piece);

  ListWatch watcher(Options(), Prng(1));
  watcher.Start(kNow);
  Answer(watcher, R"({"metadata":{"resourceVersion":"7"},"items":[]})", 1000);
  LB_CHECK(watcher.is_listed());
  Answer(watcher, bytes, piece);

  // As the body of an error.
  ListWatch refused(Options(), Prng(1));
  refused.Start(kNow);
  refused.TakeOrder();
  refused.OnHead(kNow, 504, {});
  refused.OnBody(kNow, bytes);
  refused.OnEnd(kNow, absl::OkStatus());
  CheckProgress(refused);
}

}  // namespace
}  // namespace lb::kubernetes

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lb::kubernetes::Check(lb::AsText({data, size}));
  return 0;
}
