#include "daemon/routing/restart_record.h"

#include <utility>

#include "absl/status/status.h"
#include "lb/base/state_value.h"

namespace lb {
namespace {

constexpr char kName[] = "bgp-restart";
constexpr StateFormat kFormat = {.magic = "LBBR",
                                 .what = "boot of a BGP speaker"};

}  // namespace

// A record that cannot be read or written only loses the restart: peers then
// drop the routes, and learn them again.
bgp::RestartState RestartRecord::TakeUp(absl::Duration restart_time) {
  if (boot_id_.empty() || ports_.state == nullptr) return {};
  bgp::RestartState state;
  const auto value = ports_.state->Read(kName);
  if (value.ok()) {
    const auto body = OpenStateValue(kFormat, *value);
    if (body.ok()) {
      state.claim = {.restarted = true, .forwarding_kept = *body == boot_id_};
      state.until = ports_.loop->Now() + restart_time;
    }
  }
  kept_ = state.claim.forwarding_kept;
  return state;
}

void RestartRecord::Keep() {
  if (boot_id_.empty() || ports_.state == nullptr) return;
  if (std::exchange(kept_, true)) return;
  ports_.state->Write(kName, SealStateValue(kFormat, boot_id_),
                      [](const absl::Status&) {});
}

}  // namespace lb
