#include "daemon/kubernetes/configuration_state_writer.h"

#include <utility>

#include "absl/time/time.h"

namespace lb {

ConfigurationStateWriter::ConfigurationStateWriter(
    const StatusObjectWriter::Ports& ports, ConfigurationReader reader,
    const std::string& own_namespace, const Prng& prng)
    : loop_(ports.loop),
      reader_(std::move(reader)),
      writer_(ports,
              {.list = ConfigurationStateOf(reader_, own_namespace),
               .kind = std::string(kConfigurationState),
               .read =
                   [this](const auto& meta, const auto& object) {
                     return ReadConfigurationState(reader_, meta, object);
                   },
               .name_of = [](const std::string& key) { return key; },
               .on_listed =
                   [this](const auto& objects) {
                     for (const StatusObjects::Object& object : objects) {
                       time_ = ReadConditionTime(object.says.status);
                     }
                     Want();
                   }},
              prng) {}

void ConfigurationStateWriter::Follow(const SourceUpdate& update) {
  const size_t problems = update.desired->problems.size();
  // A problem that goes alone is in no difference.
  if (update.difference.new_problems.empty() && problems_ == problems) return;
  problems_ = problems;
  read_ = StateOf(update.desired->problems);
  Update();
}

void ConfigurationStateWriter::SetUnread(const std::string& why) {
  if (unread_.empty() == why.empty()) return;
  unread_ = why;
  Update();
}

void ConfigurationStateWriter::Update() {
  const bool is_first = !state_.has_value();
  std::optional<ConfigurationState> state = read_;
  if (!unread_.empty()) {
    state = {ConfigurationState::Result::kUnknown, unread_};
  }
  if (state == state_ || !state) return;
  state_ = std::move(state);
  Want();
  is_first ? writer_.Start() : writer_.CarryOut();
}

void ConfigurationStateWriter::SetLost(const std::string& lost) {
  if (lost == lost_) return;
  lost_ = lost;
  if (!state_) return;
  Want();
  writer_.CarryOut();
}

void ConfigurationStateWriter::SetOwner(const StatusOwner& owner) {
  writer_.objects().SetOwner(owner);
  writer_.CarryOut();
}

void ConfigurationStateWriter::Want() {
  const std::string_view status = ConditionStatusOf(state_->result);
  if (time_.status != status || time_.since.empty()) {
    time_ = {std::string(status),
             absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", loop_->CivilNow(),
                              absl::UTCTimeZone())};
  }
  writer_.objects().Want(reader_.object,
                         WishOf(reader_, *state_, time_.since, lost_));
}

}  // namespace lb
