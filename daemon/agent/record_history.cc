// Agent's history: what it is told, and the answer for the status service.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/agent/address_field.h"
#include "daemon/agent/agent.h"
#include "daemon/agent/page.h"
#include "daemon/agent/timestamp.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using config::Printable;

status::v1::Announcement::End ToProto(HistoryEnd end) {
  switch (end) {
    case HistoryEnd::kNone:
      return status::v1::Announcement::END_UNSPECIFIED;
    case HistoryEnd::kMoved:
      return status::v1::Announcement::MOVED;
    case HistoryEnd::kLost:
      return status::v1::Announcement::LOST;
    case HistoryEnd::kReleased:
      return status::v1::Announcement::RELEASED;
    case HistoryEnd::kNobody:
      return status::v1::Announcement::NOBODY;
    case HistoryEnd::kSilent:
      return status::v1::Announcement::SILENT;
    case HistoryEnd::kStopped:
      return status::v1::Announcement::STOPPED;
    case HistoryEnd::kCrashed:
      return status::v1::Announcement::CRASHED;
    case HistoryEnd::kUnseen:
      return status::v1::Announcement::UNSEEN;
  }
  return status::v1::Announcement::END_UNSPECIFIED;
}

status::v1::Announcement ToProto(const HistoryEntry& entry) {
  status::v1::Announcement announcement;
  announcement.set_address(entry.address.ToString());
  announcement.set_service(Printable(entry.service));
  announcement.set_node(Printable(entry.node));
  SetTimestamp(entry.from, announcement.mutable_from());
  announcement.set_end(ToProto(entry.end));
  if (entry.end != HistoryEnd::kNone) {
    SetTimestamp(entry.to, announcement.mutable_to());
  }
  return announcement;
}

// ListAnnouncementsRequest's filters.
struct HistoryFilter {
  const status::v1::ListAnnouncementsRequest& request;
  std::optional<net::IpAddress> address;
  absl::Time since = absl::InfinitePast();

  bool Matches(const HistoryEntry& entry) const {
    return entry.to >= since && (!address || entry.address == *address) &&
           (request.service().empty() || entry.service == request.service()) &&
           (request.node().empty() || entry.node == request.node());
  }
};

}  // namespace

void Agent::RestoreHistory() {
  for (const absl::Status& refused : history_.Restore()) {
    events_.RecordSelf(EventType::kWarning, "StateRefused",
                       std::string(refused.message()));
  }
}

// While this node is not ready it knows nothing of others' announcements; it
// has none itself.
void Agent::RecordHistory(bool changed) {
  const absl::Time now = environment_.loop->CivilNow();
  history_due_ |= changed;
  if (!ready_ || departure_ == Departure::kGone) {
    history_.history().EndOwn(
        now, leaving() ? HistoryEnd::kStopped : HistoryEnd::kSilent);
    history_due_ = true;
  } else if (history_due_ && tally_.manifests_read() > 0) {
    history_due_ = false;
    HistoryView view;
    for (const auto& [service, place] : elections_.placement()) {
      const size_t first = view.seen.size();
      for (const auto& held :
           addresses_.entries().at(service).assignment.addresses) {
        view.seen.push_back({service, held.address, place.node});
      }
      std::sort(
          view.seen.begin() + static_cast<ptrdiff_t>(first), view.seen.end(),
          [](const auto& a, const auto& b) { return a.address < b.address; });
    }
    view.live.insert(options_.node);
    for (Elections::LiveMember& member : LiveMembers()) {
      view.live.insert(std::move(member.name));
    }
    history_.history().Observe(now, view);
  }
  history_.OnChange();
}

absl::StatusOr<status::v1::ListAnnouncementsResponse> Agent::ListAnnouncements(
    const status::v1::ListAnnouncementsRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  HistoryFilter filter = {request, {}};
  LB_ASSIGN_OR_RETURN(filter.address, ReadAddressField(request.address()));
  if (request.has_since()) filter.since = ToTime(request.since());
  status::v1::ListAnnouncementsResponse response;
  for (const auto& [number, entry] : history_.history().entries()) {
    const std::string key = fmt::format("{:020}", number);
    if (page.IsBefore(key) || !filter.Matches(entry)) continue;
    if (!page.HasRoom()) {
      response.set_next_page_token(page.NextToken());
      break;
    }
    auto* const announcement = response.add_announcements();
    *announcement = ToProto(entry);
    page.Add(key, announcement->ByteSizeLong());
  }
  return response;
}

}  // namespace lb
