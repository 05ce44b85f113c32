// StatusView's answers: the history of announcements.
#include <optional>
#include <string>

#include "daemon/status_view/address_field.h"
#include "daemon/status_view/page.h"
#include "daemon/status_view/status_view.h"
#include "daemon/status_view/timestamp.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using config::Printable;

status::v1::Announcement::End ToProto(history::HistoryEnd end) {
  switch (end) {
    case history::HistoryEnd::kNone:
      return status::v1::Announcement::END_UNSPECIFIED;
    case history::HistoryEnd::kMoved:
      return status::v1::Announcement::MOVED;
    case history::HistoryEnd::kLost:
      return status::v1::Announcement::LOST;
    case history::HistoryEnd::kReleased:
      return status::v1::Announcement::RELEASED;
    case history::HistoryEnd::kNobody:
      return status::v1::Announcement::NO_ANNOUNCER;
    case history::HistoryEnd::kSilent:
      return status::v1::Announcement::SILENT;
    case history::HistoryEnd::kStopped:
      return status::v1::Announcement::STOPPED;
    case history::HistoryEnd::kCrashed:
      return status::v1::Announcement::CRASHED;
    case history::HistoryEnd::kUnseen:
      return status::v1::Announcement::UNSEEN;
  }
  return status::v1::Announcement::END_UNSPECIFIED;
}

status::v1::Announcement ToProto(const history::HistoryEntry& entry) {
  status::v1::Announcement announcement;
  announcement.set_address(entry.address.ToString());
  announcement.set_service(Printable(entry.service));
  announcement.set_node(Printable(entry.node));
  SetTimestamp(entry.from, announcement.mutable_from());
  announcement.set_end(ToProto(entry.end));
  if (entry.end != history::HistoryEnd::kNone) {
    SetTimestamp(entry.to, announcement.mutable_to());
  }
  return announcement;
}

// ListAnnouncementsRequest's filters.
struct HistoryFilter {
  const status::v1::ListAnnouncementsRequest& request;
  std::optional<net::IpAddress> address;
  absl::Time since = absl::InfinitePast();

  bool Matches(const history::HistoryEntry& entry) const {
    return entry.to >= since && (!address || entry.address == *address) &&
           (request.service().empty() || entry.service == request.service()) &&
           (request.node().empty() || entry.node == request.node());
  }
};

}  // namespace

absl::StatusOr<status::v1::ListAnnouncementsResponse>
StatusView::ListAnnouncements(
    const status::v1::ListAnnouncementsRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  HistoryFilter filter = {request, {}};
  LB_ASSIGN_OR_RETURN(filter.address, ReadAddressField(request.address()));
  if (request.has_since()) filter.since = ToTime(request.since());
  status::v1::ListAnnouncementsResponse response;
  for (const auto& [number, entry] : view_.history.entries()) {
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
