#include "daemon/kubernetes/status_object_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "lb/io/turn_cause.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/object_meta.h"

namespace lb {
namespace {

using kubernetes::JsonWriter;
using kubernetes::WriteReport;
using kubernetes::WriteVerb;
using kubernetes::WriteVerdict;
using Write = StatusObjects::Write;

// A list that has no answer by then is told.
constexpr absl::Duration kListPatience = absl::Seconds(30);

void AddAnnotations(const Write& write, JsonWriter& json) {
  json.Key("annotations").BeginMap();
  for (const auto& [key, value] : write.wish.annotations) {
    if (!value.empty()) {
      json.Pair(key, value);
    } else if (write.kind != Write::Kind::kCreate) {
      json.Key(key).Null();
    }
  }
  json.EndMap();
}

// The part of the metadata that this process keeps right.
void AddMetadata(const Write& write, JsonWriter& json) {
  json.Key("labels").BeginMap();
  for (const auto& [label, value] : write.wish.labels) json.Pair(label, value);
  json.EndMap();
  if (!write.wish.annotations.empty()) AddAnnotations(write, json);
  if (write.owner.uid.empty()) return;
  json.Key("ownerReferences").BeginList().BeginMap();
  json.Pair("apiVersion", "v1").Pair("kind", "Pod");
  json.Pair("name", write.owner.pod).Pair("uid", write.owner.uid);
  json.EndMap().EndList();
}

// `object` is the JSON of a map.
std::string WithStatus(std::string object, const Write& write) {
  object.pop_back();
  return fmt::format("{}{}\"status\":{}}}", object,
                     object.size() > 1 ? "," : "", write.wish.status);
}

std::string NewObject(const Write& write,
                      const StatusObjectWriter::Options& options) {
  JsonWriter json;
  json.BeginMap();
  json.Pair("apiVersion", options.list.resource.ApiVersion());
  json.Pair("kind", options.kind);
  json.Key("metadata").BeginMap();
  json.Pair("namespace", options.list.name_space).Pair("name", write.name);
  AddMetadata(write, json);
  json.EndMap().EndMap();
  return WithStatus(std::move(json).Finish(), write);
}

std::string PatchOf(const Write& write) {
  using Kind = Write::Kind;
  if (write.kind == Kind::kStatus) return WithStatus("{}", write);
  JsonWriter json;
  json.BeginMap().Key("metadata").BeginMap();
  AddMetadata(write, json);
  json.EndMap().EndMap();
  std::string patch = std::move(json).Finish();
  if (write.kind == Kind::kMetadata) return patch;
  return WithStatus(std::move(patch), write);
}

kubernetes::WriteRequest RequestOf(const Write& write,
                                   const StatusObjectWriter::Options& options) {
  kubernetes::WriteRequest request;
  request.target = {
      options.list.resource, {options.list.name_space, write.name}, ""};
  switch (write.kind) {
    case Write::Kind::kCreate:
      request.verb = WriteVerb::kCreate;
      request.body = NewObject(write, options);
      break;
    case Write::Kind::kMetadata:
    case Write::Kind::kWhole:
    case Write::Kind::kStatus:
      // No resourceVersion: this process alone writes it, and its last word is
      // right.
      if (write.kind == Write::Kind::kStatus) {
        request.target.subresource = "status";
      }
      request.body = PatchOf(write);
      break;
    case Write::Kind::kDelete:
      request.verb = WriteVerb::kDelete;
      break;
  }
  return request;
}

}  // namespace

StatusObjectWriter::StatusObjectWriter(const Ports& ports, Options options,
                                       const Prng& prng)
    : ports_(ports),
      options_(std::move(options)),
      prng_(prng.Fork(options_.kind)),
      objects_({.name_of = options_.name_of}) {
  timer_ = ports_.loop->NewTimer([this] { OnTimer(); });
}

void StatusObjectWriter::List() {
  const absl::Time now = ports_.loop->Now();
  list_at_ = absl::InfiniteFuture();
  complain_at_ = now + kListPatience;
  has_complained_ = false;
  objects_.BeginListing();
  list_ = std::make_unique<StatusObjectList>(
      ports_.loop, ports_.client, options_.list, prng_,
      StatusObjectList::Handlers{
          options_.read, [this](const auto& objects) { OnListed(objects); }});
  CarryOut();
}

void StatusObjectWriter::OnListed(
    const std::vector<StatusObjects::Object>& objects) {
  const io::TurnCause cause(ports_.loop, "takes up status objects");
  list_.reset();
  complain_at_ = absl::InfiniteFuture();
  list_at_ = std::min(list_at_, ports_.loop->Now() + kListInterval / 2 +
                                    prng_.UniformDuration(kListInterval));
  if (options_.on_listed) options_.on_listed(objects);
  objects_.OnListed(objects);
  CarryOut();
}

void StatusObjectWriter::OnTimer() {
  const absl::Time now = ports_.loop->Now();
  if (now >= complain_at_) {
    complain_at_ = absl::InfiniteFuture();
    Complain(fmt::format("{}: {}", options_.list.resource.ToString(),
                         list_->last_error()));
  }
  if (now >= list_at_) return List();
  CarryOut();
}

void StatusObjectWriter::CarryOut() {
  const absl::Time now = ports_.loop->Now();
  for (const Write& write : objects_.TakeWrites(now)) Send(write);
  if (objects_.wants_list() && list_ == nullptr) {
    list_at_ = std::min(list_at_, now + kListSoon);
  }
  timer_->Arm(std::min({objects_.deadline(), list_at_, complain_at_}));
}

void StatusObjectWriter::Send(const Write& write) {
  kubernetes::WriteRequest request = RequestOf(write, options_);
  request.on_report = [this, write, alive = std::weak_ptr<bool>(alive_)](
                          const WriteReport& report) {
    if (alive.expired()) return;
    if (report.verdict == WriteVerdict::kRefused) {
      Complain(fmt::format("{}: {}", report.target.ToString(), report.error));
    }
    objects_.OnWritten(ports_.loop->Now(), write, report.verdict,
                       AnswerOf(report));
    CarryOut();
  };
  ports_.writer->Write(std::move(request));
}

std::optional<StatusObjects::Object> StatusObjectWriter::AnswerOf(
    const WriteReport& report) const {
  const auto meta = kubernetes::ReadObjectMeta(report.object);
  if (!meta.ok()) return std::nullopt;
  return options_.read(*meta, report.object);
}

void StatusObjectWriter::Complain(std::string message) {
  if (std::exchange(has_complained_, true)) return;
  ports_.record(EventType::kWarning, "StatusRefused", std::move(message));
}

}  // namespace lb
