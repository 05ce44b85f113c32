#include "daemon/agent/facts_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/agent/node_metadata.h"
#include "daemon/agent/state_value.h"

namespace lb {
namespace {

constexpr char kName[] = "host-facts";
constexpr StateFormat kFormat = {"LBHF", 1, "facts of members' hosts"};

// Messages stay below a datagram's budget, with room for encryption.
constexpr size_t kDatagramMax = 1200;

}  // namespace

FactsExchange::FactsExchange(std::string node,
                             const io::Environment& environment,
                             absl::AnyInvocable<void()> on_change)
    : node_(std::move(node)),
      environment_(environment),
      on_change_(std::move(on_change)),
      table_(node_),
      timer_(environment.loop->NewTimer([this] { OnTimer(); })),
      save_timer_(environment.loop->NewTimer([this] { Save(); })) {}

absl::Status FactsExchange::Start(gossip::GossipNode* gossip) {
  gossip_ = gossip;
  const auto value = environment_.state->Read(kName);
  if (absl::IsNotFound(value.status())) return absl::OkStatus();
  absl::Status status = value.status();
  if (value.ok()) {
    const auto body = OpenStateValue(kFormat, *value);
    status = body.ok() ? table_.Merge(*body, environment_.loop->Now()).status()
                       : body.status();
  }
  saved_version_ = table_.version();
  if (status.ok()) return status;
  return absl::Status(
      status.code(),
      fmt::format("{}: {}", kName, std::string(status.message())));
}

bool FactsExchange::SetOwn(HostFacts facts) {
  BoundHostFacts(&facts);
  return table_.SetOwn(facts, environment_.loop->Now(),
                       environment_.loop->CivilNow());
}

void FactsExchange::OnMembers() {
  std::map<std::string, std::optional<uint64_t>> members;
  for (const gossip::Member& member : gossip_->HeardMembers()) {
    const auto metadata = ParseNodeMetadata(member.meta);
    members[member.name] = metadata ? metadata->facts_digest : std::nullopt;
  }
  const absl::Time now = environment_.loop->Now();
  table_.SetMembers(members, now);
  if (!table_.Missing().empty()) {
    WakeBy(std::max(now + kAskDelay, asked_ + kAskInterval));
  }
  if (table_.HasAbsent()) WakeBy(now + kForgetInterval);
}

void FactsExchange::OnTimer() {
  wake_at_ = absl::InfiniteFuture();
  const absl::Time now = environment_.loop->Now();
  if (now >= asked_ + kAskInterval) Ask();
  const uint64_t before = table_.version();
  OnMembers();
  if (table_.version() != before || table_.has_news()) on_change_();
}

void FactsExchange::WakeBy(absl::Time deadline) {
  if (deadline < wake_at_) timer_->Arm(wake_at_ = deadline);
}

void FactsExchange::Ask() {
  std::vector<std::string> missing = table_.Missing();
  if (!missing.empty()) asked_ = environment_.loop->Now();
  const auto next =
      std::upper_bound(missing.begin(), missing.end(), asked_last_);
  std::rotate(missing.begin(), next, missing.end());
  missing.resize(std::min(missing.size(), kAskedMax));
  const std::string request = FactsRequest(node_);
  for (const std::string& member : missing) {
    asked_last_ = member;
    // A request that is lost is repeated.
    gossip_->SendBestEffort(member, {request.begin(), request.end()})
        .IgnoreError();
  }
}

std::optional<absl::StatusOr<size_t>> FactsExchange::OnMessage(
    std::string_view message) {
  if (const auto node = ParseFactsRequest(message)) {
    Answer(*node);
    return 0;
  }
  if (!IsFactsMessage(message)) return std::nullopt;
  return table_.Merge(message, environment_.loop->Now());
}

void FactsExchange::Answer(const std::string& node) {
  const absl::Time now = environment_.loop->Now();
  if (now - answers_since_ >= kAskInterval) {
    answers_since_ = now;
    answers_ = 0;
  }
  if (answers_ >= kAnswersMax) return;  // It will ask again.
  ++answers_;
  const std::string own = table_.OwnMessage();
  gossip::wire::Bytes bytes(own.begin(), own.end());
  // It fails if the member is gone.
  const absl::Status sent =
      own.size() <= kDatagramMax
          ? gossip_->SendBestEffort(node, std::move(bytes))
          : gossip_->SendReliably(node, std::move(bytes));
  sent.IgnoreError();
}

// What is not sent now reaches the others with the next full exchange.
void FactsExchange::TellOthers() {
  const absl::Time now = environment_.loop->Now();
  if (table_.has_news() && now < told_ + kTellInterval) {
    WakeBy(told_ + kTellInterval);
  } else if (table_.TakeNews()) {
    told_ = now;
    const std::string own = table_.OwnMessage();
    if (own.size() > kDatagramMax) {
      gossip_->SpreadUserState();
    } else {
      gossip_->Broadcast({own.begin(), own.end()}).IgnoreError();
    }
  }
  if (saving_ || saved_version_ == table_.version()) return;
  saving_ = true;
  save_timer_->Arm(environment_.loop->Now() + kSaveDelay);
}

std::string FactsExchange::FullMessage() const {
  return table_.FullMessage(environment_.loop->Now());
}

void FactsExchange::Save() {
  saved_version_ = table_.version();
  environment_.state->Write(
      kName, SealStateValue(kFormat, FullMessage()),
      [this](const absl::Status& status) { OnSaved(status); });
}

void FactsExchange::OnSaved(const absl::Status& status) {
  if (!status.ok()) saved_version_ = UINT64_MAX;
  saving_ = saved_version_ != table_.version();
  if (saving_) save_timer_->Arm(environment_.loop->Now() + kSaveDelay);
}

}  // namespace lb
