#include "daemon/watch_sources.h"

#include <utility>

#include "daemon/event_proto.h"
#include "daemon/status_view/timestamp.h"
#include "lb/config/printable.h"

namespace lb {
namespace {

using status::v1::WatchResponse;

// Small enough that a part does not hold the loop up for long.
constexpr int kPartItems = 100;

// Appends one page to `list` and returns the token of the next.
template <typename Response, typename List>
std::string TakePage(absl::StatusOr<Response> page, List* (Response::*items)(),
                     List* list) {
  list->Swap(((*page).*items)());
  return page->next_page_token();
}

template <typename Request>
Request PageRequest(const std::string& token) {
  Request request;
  request.set_page_size(kPartItems);
  request.set_page_token(token);
  return request;
}

}  // namespace

EventSource::EventSource(const EventLog* log,
                         const status::v1::WatchEventsRequest& request)
    : log_(log),
      sequence_(request.after_sequence()),
      follow_(request.follow()) {
  if (request.has_since()) since_ = ToTime(request.since());
}

std::optional<status::v1::Event> EventSource::Next() {
  while (const Event* event = log_->FirstSince(sequence_)) {
    sequence_ = event->sequence;
    if (event->time >= since_) return ToProto(*event);
  }
  return std::nullopt;
}

const status::v1::GetNodeResponse& DescribedNode::AsOf(uint64_t sequence) {
  const NodeView view = view_node_();
  const absl::Time now = view.now;
  if (made_after_ < sequence || now - made_at_ > kAgeMax) {
    node_ = StatusView(view).DescribeNode();
    made_at_ = now;
    made_after_ = log_->last_sequence();
  }
  return node_;
}

StateSource::StateSource(ViewNode view_node, const EventLog* log,
                         DescribedNode* node,
                         const status::v1::WatchRequest& request)
    : view_node_(std::move(view_node)),
      log_(log),
      node_(node),
      sequence_(request.after_sequence()) {
  if (sequence_ == 0 || !IsOfThisRun(request)) part_ = Part::kBegin;
}

bool StateSource::IsOfThisRun(const status::v1::WatchRequest& request) const {
  return !request.has_started_at() ||
         ToTime(request.started_at()) == view_node_().tally.started_at();
}

bool StateSource::Continues() const {
  if (sequence_ >= log_->last_sequence()) {
    return sequence_ == log_->last_sequence();
  }
  return log_->FirstSince(sequence_)->sequence == sequence_ + 1;
}

std::optional<WatchResponse> StateSource::Next() {
  if (part_ == Part::kChanges && !Continues()) part_ = Part::kBegin;
  if (part_ != Part::kChanges) return NextPart();
  const Event* const event = log_->FirstSince(sequence_);
  if (event == nullptr) return std::nullopt;
  sequence_ = event->sequence;
  return Change(*event);
}

// A change while the parts are sent is told again afterwards, as its event is
// newer than sequence_.
WatchResponse StateSource::NextPart() {
  WatchResponse response;
  switch (part_) {
    case Part::kBegin:
      sequence_ = log_->last_sequence();
      response.set_reset(true);
      *response.mutable_node() = node_->AsOf(sequence_);
      part_ = Part::kPools;
      break;
    case Part::kPools:
      page_token_ =
          TakePage(View().ListPools(
                       PageRequest<status::v1::ListPoolsRequest>(page_token_)),
                   &status::v1::ListPoolsResponse::mutable_pools,
                   response.mutable_pools());
      if (page_token_.empty()) part_ = Part::kMembers;
      break;
    case Part::kMembers:
      page_token_ = TakePage(
          View().ListMembers(
              PageRequest<status::v1::ListMembersRequest>(page_token_)),
          &status::v1::ListMembersResponse::mutable_members,
          response.mutable_members());
      if (page_token_.empty()) part_ = Part::kServices;
      break;
    case Part::kServices:
    case Part::kChanges:
      page_token_ = TakePage(
          View().ListServices(
              PageRequest<status::v1::ListServicesRequest>(page_token_)),
          &status::v1::ListServicesResponse::mutable_services,
          response.mutable_services());
      if (!page_token_.empty()) break;
      part_ = Part::kChanges;
      response.set_complete(true);
      break;
  }
  response.set_sequence(sequence_);
  return response;
}

WatchResponse StateSource::Change(const Event& event) const {
  WatchResponse response;
  response.set_sequence(event.sequence);
  *response.mutable_event() = ToProto(event);
  const auto& [kind, name] = event.object;
  if (kind == EventObject::kService) {
    if (auto service = View().DescribeService(name); service.has_value()) {
      *response.add_services() = *std::move(service);
    } else {
      response.add_services_removed(config::Printable(name));
    }
  } else if (kind == EventObject::kMember) {
    if (auto member = View().DescribeMember(name); member.has_value()) {
      *response.add_members() = *std::move(member);
    } else {
      response.add_members_removed(config::Printable(name));
    }
  } else if (kind == EventObject::kNode || kind == EventObject::kInterface ||
             kind == EventObject::kVip) {
    *response.mutable_node() = node_->AsOf(event.sequence);
  } else if (kind == EventObject::kPools) {
    response.mutable_pools()->Swap(View().ListPools({})->mutable_pools());
  }
  return response;
}

}  // namespace lb
