#include "daemon/kubernetes/kept_object_store.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "lb/base/sha256.h"
#include "lb/base/state_value.h"
#include "lb/base/status_macros.h"
#include "lb/io/turn_cause.h"

namespace lb {
namespace {

constexpr StateFormat kHeaderFormat = {"LBKH", 1, "header of kept objects"};
constexpr StateFormat kPartFormat = {"LBKP", 1, "part of the kept objects"};
constexpr char kHeaderName[] = "api-objects";

std::string NameOf(size_t part) {
  return fmt::format("{}.{:02}", kHeaderName, part);
}

std::string DigestOf(const std::string& sealed) {
  return sealed.substr(sealed.size() - Sha256::kSize);
}

absl::Status At(const std::string& name, const absl::Status& status) {
  if (status.ok()) return status;
  return {status.code(),
          fmt::format("{}: {}", name, std::string(status.message()))};
}

}  // namespace

KeptObjectStore::KeptObjectStore(Options options, const io::StatePorts& ports,
                                 std::function<Sight()> look)
    : options_(std::move(options)),
      ports_(ports),
      look_(std::move(look)),
      persisted_(ports.loop,
                 {.delay = kDelay,
                  .refresh = kRefresh,
                  .on_first_failure =
                      [this](const absl::Status& why) {
                        Warn("ObjectsUnsaved",
                             fmt::format("state-dir: {}; tried again until it "
                                         "works",
                                         std::string(why.message())));
                      }},
                 [this](io::StateStore::OnWritten done) {
                   WriteRound(std::move(done));
                 }) {}

KeptObjectStore::Restored KeptObjectStore::Restore() {
  Restored restored;
  const absl::Status status = RestoreAll(&restored);
  if (absl::IsNotFound(status)) return {};  // No header: nothing was kept.
  if (status.ok()) return restored;
  return {.refused = status};
}

absl::Status KeptObjectStore::RestoreAll(Restored* restored) {
  const auto value = ports_.state->Read(kHeaderName);
  if (absl::IsNotFound(value.status())) return value.status();
  LB_RETURN_IF_ERROR(At(kHeaderName, value.status()));
  const auto body = OpenStateValue(kHeaderFormat, *value);
  LB_RETURN_IF_ERROR(At(kHeaderName, body.status()));
  const auto header = ParseKeptHeader(*body, options_.owner);
  LB_RETURN_IF_ERROR(At(kHeaderName, header.status()));
  for (Part part = 0; part < kKeptParts; ++part) {
    if (!header->parts.test(part)) continue;
    const std::string name = NameOf(part);
    const auto sealed = ports_.state->Read(name);
    if (absl::IsNotFound(sealed.status())) {
      return absl::DataLossError(fmt::format("{}: missing", name));
    }
    LB_RETURN_IF_ERROR(At(name, sealed.status()));
    const auto opened = OpenStateValue(kPartFormat, *sealed);
    LB_RETURN_IF_ERROR(At(name, opened.status()));
    LB_RETURN_IF_ERROR(
        At(name, ParseKeptPart(*opened, options_.owner, options_.manifests,
                               &restored->objects)));
    digests_[part] = DigestOf(*sealed);
  }
  header_ = *header;
  has_header_ = true;
  as_of_ = header->as_of;
  restored->pods = header->pods;
  restored->as_of = header->as_of;
  return absl::OkStatus();
}

void KeptObjectStore::OnObjects(std::shared_ptr<const config::Desired> desired,
                                absl::Span<const std::string> names) {
  const bool is_first = std::exchange(desired_, std::move(desired)) == nullptr;
  if (is_first) {
    for (const auto& [name, object] : desired_->objects) Touch(name);
    for (const auto& [name, object] : desired_->counted) Touch(name);
    // Parts on disk may have objects that are gone.
    for (Part part = 0; part < kKeptParts; ++part) dirty_.insert(part);
  }
  for (const std::string& name : names) Touch(name);
  if (!dirty_.empty()) persisted_.OnChange();
}

void KeptObjectStore::Touch(const std::string& name) {
  const Part part = KeptPartOf(name);
  if (FindKept(*desired_, name) != nullptr) {
    names_[part].insert(name);
  } else {
    names_[part].erase(name);
  }
  dirty_.insert(part);
}

void KeptObjectStore::OnPods() {
  if (desired_ != nullptr) persisted_.OnChange();
}

void KeptObjectStore::WriteRound(io::StateStore::OnWritten done) {
  // The first time all parts are needed before any of them counts.
  round_left_ = has_header_ && !is_last_ ? kPartsPerRound : kKeptParts;
  round_done_ = std::move(done);
  if (cycle_.empty()) {
    cycle_ = dirty_;
    cycle_as_of_ = look_().as_of;
  }
  ports_.loop->Post([this] { WriteNext(); });
}

void KeptObjectStore::WriteNext() {
  const io::TurnCause cause(ports_.loop, "keeps objects of the API");
  if (dirty_.empty() || round_left_ == 0) return WriteHeader();
  const Part part = TakeDirty();
  std::string sealed = Seal(part);
  if (sealed.empty()) {
    NoteWritten(part);
    ports_.loop->Post([this] { WriteNext(); });
    return;
  }
  --round_left_;
  std::string digest = DigestOf(sealed);
  ports_.state->Write(NameOf(part), std::move(sealed),
                      [this, part, digest = std::move(digest)](
                          const absl::Status& status) mutable {
                        if (!status.ok()) {
                          dirty_.insert(part);
                          return EndRound(status);
                        }
                        digests_[part] = std::move(digest);
                        NoteWritten(part);
                        WriteNext();
                      });
}

KeptObjectStore::Part KeptObjectStore::TakeDirty() {
  auto next = dirty_.upper_bound(last_part_);
  if (next == dirty_.end()) next = dirty_.begin();
  last_part_ = *next;
  dirty_.erase(next);
  return last_part_;
}

std::string KeptObjectStore::Seal(Part part) {
  const KeptPart kept =
      SerializeKeptPart(options_.owner, names_[part], *desired_);
  NoteLeftOut(part, kept.left_out);
  if (names_[part].empty() && digests_[part].empty()) return "";
  std::string sealed = SealStateValue(kPartFormat, kept.body);
  return DigestOf(sealed) == digests_[part] ? "" : sealed;
}

void KeptObjectStore::NoteLeftOut(Part part, size_t count) {
  const size_t before = std::exchange(left_out_[part], count);
  if (count <= before) return;
  Warn("ObjectsLeftOut",
       fmt::format("{} objects are larger than {} bytes, or too many: a start "
                   "without the API server does not know them",
                   count, kKeptTextBytesMax));
}

KeptHeader KeptObjectStore::HeaderNow() const {
  KeptHeader now = {.owner = options_.owner, .pods = look_().pods};
  // To the second, as it is read again.
  if (as_of_ != absl::InfinitePast()) {
    now.as_of = absl::FromUnixSeconds(absl::ToUnixSeconds(as_of_));
  }
  for (Part part = 0; part < kKeptParts; ++part) {
    now.parts.set(part, !digests_[part].empty());
  }
  if (now.pods.size() > kKeptPodsMax) now.pods.resize(kKeptPodsMax);
  return now;
}

void KeptObjectStore::WriteHeader() {
  if (cycle_.empty()) as_of_ = std::max(as_of_, cycle_as_of_);
  if (!dirty_.empty()) persisted_.OnChange();
  KeptHeader now = HeaderNow();
  // Until all objects were known at one time, a start can do nothing with them.
  if (now.as_of == absl::InfinitePast()) {
    persisted_.OnChange();
    return EndRound(absl::OkStatus());
  }
  KeptHeader same = now;
  same.as_of = header_.as_of;
  const bool is_due = !has_header_ || is_last_ || same != header_ ||
                      now.as_of - header_.as_of >= kRefresh / 2;
  if (!is_due) return EndRound(absl::OkStatus());
  ports_.state->Write(kHeaderName,
                      SealStateValue(kHeaderFormat, SerializeKeptHeader(now)),
                      [this, now](const absl::Status& status) {
                        if (status.ok()) {
                          header_ = now;
                          has_header_ = true;
                        }
                        EndRound(status);
                      });
}

void KeptObjectStore::EndRound(const absl::Status& status) {
  std::exchange(round_done_, nullptr)(status);
}

void KeptObjectStore::Flush() {
  if (desired_ == nullptr) return;
  is_last_ = true;
  round_left_ = kKeptParts;
  persisted_.OnChange();
  persisted_.WriteNow();
}

void KeptObjectStore::Warn(const char* reason, std::string message) {
  ports_.log->Record({.time = ports_.loop->CivilNow(),
                      .type = EventType::kWarning,
                      .reason = reason,
                      .object = {EventObject::kNode, options_.node},
                      .message = std::move(message)});
}

}  // namespace lb
