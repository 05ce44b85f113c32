#include "daemon/last_good_store.h"

#include <fmt/format.h>

#include <utility>

#include "lb/base/sha256.h"
#include "lb/base/state_value.h"

namespace lb {
namespace {

constexpr StateFormat kFormat = {"LBLG", 1, "part of the last good manifests"};
constexpr char kDamaged[] = "damaged";  // Equals no digest: it is rewritten.

std::string NameOf(size_t part) { return fmt::format("last-good.{:02}", part); }

std::string DigestOf(const std::string& sealed) {
  return sealed.substr(sealed.size() - Sha256::kSize);
}

}  // namespace

LastGoodStore::LastGoodStore(std::string node,
                             const io::Environment& environment)
    : node_(std::move(node)),
      environment_(environment),
      digests_(config::kLastGoodParts),
      persisted_(environment.loop,
                 {.delay = kRetryInterval,
                  .on_first_failure =
                      [this](const absl::Status& why) {
                        Warn("LastGoodUnsaved",
                             fmt::format("state-dir: {}; tried again until it "
                                         "works",
                                         std::string(why.message())));
                      }},
                 [this](io::StateStore::OnWritten done) {
                   WriteAll(std::move(done));
                 }) {}

std::vector<absl::Status> LastGoodStore::Restore() {
  std::vector<absl::Status> refused;
  for (size_t part = 0; part < config::kLastGoodParts; ++part) {
    const std::string name = NameOf(part);
    const auto value = environment_.state->Read(name);
    if (absl::IsNotFound(value.status())) continue;
    absl::Status status = value.status();
    if (status.ok()) {
      const auto body = OpenStateValue(kFormat, *value);
      status = body.ok() ? config::ParseLastGoodPart(*body, &restored_)
                         : body.status();
    }
    if (status.ok()) {
      digests_[part] = DigestOf(*value);
    } else {
      digests_[part] = kDamaged;
      refused.push_back(absl::DataLossError(
          fmt::format("{}: {}", name, std::string(status.message()))));
    }
  }
  return refused;
}

config::Desired LastGoodStore::Before(const config::Manifests& now,
                                      const config::ManifestOptions& options) {
  return config::RestoreDesired(std::exchange(restored_, {}), now, options);
}

SealedLastGood LastGoodStore::Seal(const config::Desired& desired) {
  SealedLastGood sealed;
  const config::LastGoodParts parts = config::SerializeLastGood(desired);
  sealed.left_out = parts.left_out;
  for (size_t part = 0; part < parts.parts.size(); ++part) {
    if (parts.parts[part].empty() && digests_[part].empty()) continue;
    std::string value = SealStateValue(kFormat, parts.parts[part]);
    std::string digest = DigestOf(value);
    if (digest == digests_[part]) continue;
    digests_[part] = std::move(digest);
    sealed.values[NameOf(part)] = std::move(value);
  }
  return sealed;
}

void LastGoodStore::Save(SealedLastGood sealed) {
  const size_t before = std::exchange(left_out_, sealed.left_out);
  if (left_out_ > before) {
    Warn("LastGoodLeftOut",
         fmt::format("{} objects are larger than {} bytes, or too many: if "
                     "they are faulty at the next start, they are missing",
                     left_out_, config::kLastGoodTextBytesMax));
  }
  sealed.values.merge(unwritten_);  // The newer value of a name stays.
  unwritten_ = std::move(sealed.values);
  if (unwritten_.empty()) return;
  persisted_.OnChange();
  persisted_.WriteNow();
}

void LastGoodStore::Flush() {
  for (auto& [name, value] : std::exchange(unwritten_, {})) {
    environment_.state->Write(name, std::move(value), [](const auto&) {});
  }
}

void LastGoodStore::WriteAll(io::StateStore::OnWritten done) {
  if (unwritten_.empty()) {  // Flush() was faster than the next try.
    environment_.loop->Post(
        [done = std::move(done)]() mutable { done(absl::OkStatus()); });
    return;
  }
  auto next = unwritten_.extract(unwritten_.begin());
  const std::string& name = next.key();
  const std::string& value = next.mapped();
  environment_.state->Write(
      name, value,
      [this, next = std::move(next),
       done = std::move(done)](const absl::Status& status) mutable {
        if (!status.ok()) unwritten_.insert(std::move(next));  // If none newer.
        if (!status.ok() || unwritten_.empty()) return done(status);
        WriteAll(std::move(done));
      });
}

void LastGoodStore::Warn(const char* reason, std::string message) {
  environment_.log->Record({.time = environment_.loop->CivilNow(),
                            .type = EventType::kWarning,
                            .reason = reason,
                            .object = {EventObject::kNode, node_},
                            .message = std::move(message)});
}

}  // namespace lb
