#include "lb/kubernetes/event_series.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "lb/kubernetes/cut_text.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/micro_time.h"

namespace lb::kubernetes {
namespace {

// The API's bounds of the fields.
constexpr size_t kWordBytesMax = 128;
constexpr size_t kNoteBytesMax = 1024;
// An Event's name has 253 bytes; a suffix takes the rest.
constexpr size_t kNameBytesMax = 200;

// Events of objects without a namespace are in "default".
ObjectKey KeyOf(const ObjectReference& regarding, std::string_view suffix) {
  const std::string& name_space = regarding.key.name_space;
  std::string name = regarding.key.name.substr(0, kNameBytesMax);
  // No label of a name is empty or ends with a dash (RFC 1123).
  while (name.ends_with('.') || name.ends_with('-')) name.pop_back();
  return {name_space.empty() ? "default" : name_space,
          fmt::format("{}.{}", name, suffix)};
}

void AddReference(const ObjectReference& object, JsonWriter& json) {
  json.BeginMap();
  json.Pair("apiVersion", object.api_version).Pair("kind", object.kind);
  if (!object.key.name_space.empty()) {
    json.Pair("namespace", object.key.name_space);
  }
  json.Pair("name", object.key.name);
  if (!object.uid.empty()) json.Pair("uid", object.uid);
  json.EndMap();
}

std::string NewEvent(const EventOptions& options, const ObjectKey& key,
                     const KubernetesEvent& event, absl::Time civil_now) {
  JsonWriter json;
  json.BeginMap();
  json.Pair("apiVersion", "events.k8s.io/v1").Pair("kind", "Event");
  json.Key("metadata").BeginMap();
  json.Pair("name", key.name).Pair("namespace", key.name_space).EndMap();
  json.Pair("eventTime", FormatMicroTime(civil_now));
  json.Pair("reportingController", options.controller);
  json.Pair("reportingInstance", options.instance);
  json.Pair("type",
            event.type == KubernetesEventType::kWarning ? "Warning" : "Normal");
  json.Pair("reason", event.reason).Pair("action", event.action);
  json.Pair("note", event.note);
  json.Key("regarding");
  AddReference(event.regarding, json);
  json.EndMap();
  return std::move(json).Finish();
}

std::string SeriesPatch(int64_t count, absl::Time civil_observed_at) {
  JsonWriter json;
  json.BeginMap().Key("series").BeginMap();
  json.Key("count").Number(count);
  json.Pair("lastObservedTime", FormatMicroTime(civil_observed_at));
  json.EndMap().EndMap();
  return std::move(json).Finish();
}

// Two nodes that report on one object at one instant need two names.
uint32_t HashOf(std::string_view text) {
  uint32_t hash = 2166136261u;  // FNV-1a.
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  }
  return hash;
}

// The event as the API takes it.
KubernetesEvent Bounded(const KubernetesEvent& event) {
  KubernetesEvent bounded = event;
  bounded.reason = CutText(event.reason, kWordBytesMax);
  bounded.action = CutText(event.action, kWordBytesMax);
  bounded.note = CutText(event.note, kNoteBytesMax);
  if (bounded.action.empty()) bounded.action = bounded.reason;
  return bounded;
}

}  // namespace

EventSeries::EventSeries(EventOptions options) : options_(std::move(options)) {
  options_.instance = CutText(options_.instance, kWordBytesMax);
}

void EventSeries::Record(absl::Time now, absl::Time civil_now,
                         const KubernetesEvent& event) {
  ++stats_.recorded;
  const KubernetesEvent bounded = Bounded(event);
  const auto found = by_event_.find(bounded);
  if (found == by_event_.end()) return Begin(now, civil_now, bounded);
  const Order::iterator series = *found;
  if (now - series->observed_at > options_.series_gap && !series->is_busy) {
    Drop(series);
    return Begin(now, civil_now, bounded);
  }
  ++stats_.repeated;
  ++series->count;
  series->observed_at = now;
  series->civil_observed_at = civil_now;
  series_.splice(series_.end(), series_, series);
  Tell(now, *series);
}

void EventSeries::Begin(absl::Time now, absl::Time civil_now,
                        const KubernetesEvent& event) {
  if (!Take(now, event.regarding)) {
    ++stats_.limited;
    return;
  }
  if (series_.size() >= options_.series_max) Drop(series_.begin());
  const ObjectKey key =
      KeyOf(event.regarding,
            fmt::format("{:x}{:04x}{:08x}", absl::ToUnixNanos(civil_now),
                        ++names_ & 0xffff, HashOf(options_.instance)));
  const Order::iterator series =
      series_.insert(series_.end(), {.event = event,
                                     .key = key,
                                     .is_busy = true,
                                     .told_at = now,
                                     .observed_at = now,
                                     .civil_observed_at = civil_now});
  by_event_.insert(series);
  by_key_[key] = series;
  writes_.push_back({true, key, NewEvent(options_, key, event, civil_now)});
}

bool EventSeries::Take(absl::Time now, const ObjectReference& regarding) {
  auto bucket = buckets_.find(regarding);
  if (bucket == buckets_.end()) {
    if (buckets_.size() >= options_.series_max) ForgetFullBuckets(now);
    if (buckets_.size() >= options_.series_max) return false;
    bucket =
        buckets_
            .emplace(regarding, TokenBucket(options_.burst, options_.refill))
            .first;
  }
  return bucket->second.Take(now);
}

void EventSeries::ForgetFullBuckets(absl::Time now) {
  std::erase_if(buckets_,
                [&](const auto& entry) { return entry.second.IsFull(now); });
}

void EventSeries::Tell(absl::Time now, Series& series) {
  if (series.is_busy || series.count == series.told) return;
  const bool is_second = series.told == 1;
  const bool is_over = now - series.observed_at >= options_.series_gap;
  if (!is_second && !is_over &&
      now - series.told_at < options_.series_interval) {
    return;
  }
  series.is_busy = true;
  series.told = series.count;
  series.told_at = now;
  writes_.push_back(
      {false, series.key, SeriesPatch(series.count, series.civil_observed_at)});
}

void EventSeries::OnWritten(absl::Time now, const ObjectKey& key,
                            Outcome outcome) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const Order::iterator series = found->second;
  series->is_busy = false;
  if (outcome == Outcome::kLost) ++stats_.lost;
  if (outcome != Outcome::kWritten) return Drop(series);
  Tell(now, *series);
}

void EventSeries::OnTimer(absl::Time now) {
  for (auto it = series_.begin(); it != series_.end();) {
    const Order::iterator series = it++;
    Tell(now, *series);
    const bool is_over = now - series->observed_at >= options_.series_gap;
    if (is_over && !series->is_busy) Drop(series);
  }
}

absl::Time EventSeries::deadline() const {
  absl::Time deadline = absl::InfiniteFuture();
  for (const Series& series : series_) {
    if (series.is_busy) continue;
    deadline = std::min(deadline, series.observed_at + options_.series_gap);
    if (series.count == series.told) continue;
    deadline = std::min(deadline, series.told_at + options_.series_interval);
  }
  return deadline;
}

void EventSeries::Drop(Order::iterator series) {
  by_event_.erase(series);
  by_key_.erase(series->key);
  series_.erase(series);
}

}  // namespace lb::kubernetes
