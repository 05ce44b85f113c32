#include "daemon/hosts/next_hop_watcher.h"

#include <utility>

#include "lb/io/turn_cause.h"

namespace lb {

NextHopWatcher::NextHopWatcher(io::Loop* loop, const io::RouteTable* routes,
                               absl::AnyInvocable<void()> on_change)
    : loop_(loop),
      routes_(routes),
      on_change_(std::move(on_change)),
      timer_(loop->NewTimer([this] { Read(); })) {}

void NextHopWatcher::Refresh() {
  if (loop_->Now() - read_at_ > kPause) Read();
}

void NextHopWatcher::Read() {
  const io::TurnCause cause(loop_, "reads routes");
  const bool is_first = read_at_ == absl::InfinitePast();
  read_at_ = loop_->Now();
  timer_->Arm(read_at_ + kInterval);
  if (routes_ == nullptr || is_reading_) return;
  if (is_first) return OnRead(routes_->FindNextHops());
  is_reading_ = true;
  routes_->FindNextHopsLater(
      [this, alive = std::weak_ptr(alive_)](auto next_hops) {
        if (alive.expired()) return;
        is_reading_ = false;
        OnRead(std::move(next_hops));
      });
}

void NextHopWatcher::OnRead(absl::StatusOr<io::NextHops> next_hops) {
  if (!next_hops.ok() || *next_hops == found_) return;
  found_ = *std::move(next_hops);
  on_change_();
}

}  // namespace lb
