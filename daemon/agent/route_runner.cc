#include "daemon/agent/route_runner.h"

#include "absl/time/time.h"
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
  for (const std::string& service : routing_.TakeTurned()) {
    parts_.events->RecordRouted(service, routing_.planner().plans());
  }
  if (routing_.has_repeered()) ports_.look_soon();
}

// Once for all portions: it looks at all addresses of this node.
void RouteRunner::Deliver() {
  const RoutePlanner& planner = routing_.planner();
  if (planner.has_more()) return;
  if (std::exchange(delivered_version_, planner.addresses_version()) ==
      planner.addresses_version()) {
    return;
  }
  parts_.announcing->SetRouted(planner.addresses());
}

}  // namespace lb
