#include "lb/kubernetes/testing/sim_watches.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

constexpr absl::Duration kBookmarkInterval = absl::Minutes(1);
// A bookmark comes just before the timeout, so that the next watch begins at a
// fresh version.
constexpr absl::Duration kBeforeEnd = absl::Seconds(2);
constexpr int kDefaultTimeoutSeconds = 1800;

std::string Event(std::string_view type, const YamlNode& object) {
  JsonWriter json;
  json.BeginMap().Pair("type", type).Key("object").Tree(object).EndMap();
  return std::move(json).Finish();
}

}  // namespace

std::optional<SimAnswer> SimWatches::Open(http::RequestId id,
                                          const SimRequest& request,
                                          const SimSelector& selector) {
  Watch watch = {.request = request, .selector = selector};
  if (!absl::SimpleAtoi(request.Query("resourceVersion"), &watch.position)) {
    return Refusal(400, "BadRequest", "resourceVersion: Invalid value");
  }
  if (watch.position < store_->compacted_version()) return ExpiredAnswer();
  watch.told = watch.position;
  int seconds = 0;
  if (!absl::SimpleAtoi(request.Query("timeoutSeconds"), &seconds)) {
    seconds = kDefaultTimeoutSeconds;
  }
  watch.ends_at = loop_->Now() + absl::Seconds(seconds);
  exchanges_->SendHead(id, 200, {{"content-type", "application/json"}});
  loop_->ScheduleAt(watch.ends_at, [this, id] { End(id); });
  if (request.Query("allowWatchBookmarks") == "true") {
    loop_->ScheduleAt(loop_->Now() + kBookmarkInterval,
                      [this, id] { OnBookmark(id); });
    loop_->ScheduleAt(watch.ends_at - kBeforeEnd,
                      [this, id] { SendBookmark(id); });
  }
  Pump(loop_->Now() - lag_, id, watches_[id] = std::move(watch));
  return std::nullopt;
}

void SimWatches::OnWrite() {
  loop_->ScheduleAt(loop_->Now() + lag_, [this] { Pump(loop_->Now() - lag_); });
}

void SimWatches::Flush() { Pump(loop_->Now()); }

void SimWatches::SendLine(http::RequestId id, std::string_view text) {
  exchanges_->SendBody(id, fmt::format("{}\n", text));
}

void SimWatches::End(http::RequestId id) {
  if (watches_.erase(id) == 0) return;
  exchanges_->SendEnd(id, absl::OkStatus());
}

size_t SimWatches::size() const {
  return static_cast<size_t>(std::count_if(
      watches_.begin(), watches_.end(),
      [&](const auto& entry) { return exchanges_->IsOpen(entry.first); }));
}

void SimWatches::Pump(absl::Time end) {
  std::erase_if(watches_, [&](const auto& entry) {
    return !exchanges_->IsOpen(entry.first);
  });
  for (auto& [id, watch] : watches_) Pump(end, id, watch);
}

void SimWatches::Pump(absl::Time end, http::RequestId id, Watch& watch) {
  for (const SimWrite& write : store_->Writes(watch.request.resource)) {
    if (write.version <= watch.position) continue;
    if (write.at > end) break;
    watch.position = write.version;
    const std::string event = EventOf(write, watch);
    if (event.empty()) continue;
    watch.told = write.version;
    SendLine(id, event);
  }
}

std::string SimWatches::EventOf(const SimWrite& write, const Watch& watch) {
  const bool only = watch.request.wants_metadata_only;
  const bool was = write.before != nullptr &&
                   watch.selector.Matches(write.key, *write.before);
  const bool is =
      write.after != nullptr && watch.selector.Matches(write.key, *write.after);
  if (is) return Event(was ? "MODIFIED" : "ADDED", Sent(*write.after, only));
  if (!was) return {};
  // The last state that matched, with the version of this write.
  YamlNode object = Sent(*write.before, only);
  SetText("metadata.resourceVersion", fmt::format("{}", write.version),
          &object);
  return Event("DELETED", object);
}

void SimWatches::OnBookmark(http::RequestId id) {
  if (!watches_.contains(id)) return;
  SendBookmark(id);
  loop_->ScheduleAt(loop_->Now() + kBookmarkInterval,
                    [this, id] { OnBookmark(id); });
}

void SimWatches::SendBookmark(http::RequestId id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return;
  Watch& watch = found->second;
  Pump(loop_->Now() - lag_, id, watch);
  // Where nothing has changed no bookmark is sent. The events of younger writes
  // are yet to come.
  uint64_t version = store_->version();
  for (const SimWrite& write : store_->Writes(watch.request.resource)) {
    if (write.version > watch.position) {
      version = std::min(version, write.version - 1);
    }
  }
  if (version <= watch.told) return;
  watch.told = version;
  YamlNode object = Json("{}");
  SetText("kind", "Bookmark", &object);
  SetText("metadata.resourceVersion", fmt::format("{}", version), &object);
  SendLine(id, Event("BOOKMARK", object));
}

}  // namespace lb::kubernetes
