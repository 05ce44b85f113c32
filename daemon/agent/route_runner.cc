#include "daemon/agent/route_runner.h"

#include <algorithm>

#include "lb/base/portion.h"
#include "lb/io/turn_cause.h"

namespace lb {

RouteRunner::RouteRunner(Routing::Options options,
                         const io::Environment& environment, const Parts& parts,
                         Ports ports)
    : parts_(parts),
      ports_(std::move(ports)),
      loop_(environment.loop),
      routing_(std::move(options), environment, [this] { Schedule(); }),
      timer_(environment.loop->NewTimer([this] { Run(); })) {}

// A deadline that is long past goes before others that are due.
void RouteRunner::Schedule() {
  if (!std::exchange(scheduled_, true)) timer_->Arm(absl::InfinitePast());
}

void RouteRunner::Run(bool members_changed) {
  const io::TurnCause cause(loop_, "plans routes");
  scheduled_ = false;
  timer_->Disarm();
  Services changed = parts_.addresses->TakeChanged();
  parts_.owners->OnEntries(changed);
  ports_.update_owners();
  const Node node = ports_.node();
  routing_.Update({.acts = node.acts,
                   .draining = node.draining,
                   .desired = node.desired,
                   .entries = parts_.addresses->entries(),
                   .changed = changed,
                   .awaited = parts_.addresses->awaited(),
                   .withheld = parts_.owners->withheld(),
                   .withheld_version = parts_.owners->version(),
                   .members_changed = members_changed,
                   .members = ports_.members,
                   .others = ports_.others});
  changed_.merge(changed);
  Deliver();
  const bool is_unrouted = routing_.is_unrouted();
  const bool is_news = std::exchange(was_unrouted_, is_unrouted) != is_unrouted;
  if (is_news || has_news()) ports_.look_soon();
}

bool RouteRunner::GoesFirst() {
  const absl::Time now = loop_->Now();
  busy_since_ =
      routing_.is_busy() ? std::min(busy_since_, now) : absl::InfiniteFuture();
  return now >= busy_since_ && now - busy_since_ < kFirstMax;
}

RouteRunner::Services RouteRunner::TakeRepeered() {
  return routing_.TakeRepeered(kPortion);
}

void RouteRunner::RecordTurned() {
  for (const std::string& service : routing_.TakeTurned(kPortion)) {
    parts_.events->RecordRouted(service, routing_.planner().plans());
  }
}

// The kernel takes its time for each: routers are told of all portions first. A
// look that waits for them delivers what there is.
void RouteRunner::Deliver() {
  if (routing_.planner().has_more() || GoesFirst()) return;
  parts_.announcing->ChangeRouted(routing_.TakeAddressChanges());
}

}  // namespace lb
