#include "daemon/exchange/state_exchange.h"

#include <fmt/format.h>

#include "daemon/exchange/user_state.h"
#include "lb/election/tenure_codec.h"
#include "lb/io/turn_cause.h"
#include "lb/ipam/ledger_codec.h"

namespace lb {

StateExchange::Heard StateExchange::OnMessage(std::string_view message) {
  Heard heard;
  Merge(message, heard);
  return heard;
}

StateExchange::Heard StateExchange::OnState(absl::Span<const uint8_t> state) {
  Heard heard;
  const auto messages = UnpackUserState(state);
  if (!messages) return heard;  // Others may use this gossip too.
  size_t news = 0;
  for (const std::string& message : *messages) news += Merge(message, heard);
  if (news >= kNewsSpreadMin) ports_.spread();
  return heard;
}

size_t StateExchange::Merge(std::string_view message, Heard& heard) {
  const io::TurnCause cause(ports_.loop, "merges the state of a peer");
  absl::StatusOr<size_t> news = 0;
  if (auto facts = tables_.owners->OnMessage(message)) {
    news = *std::move(facts);
    // Also of a message of which some was damaged.
    heard.look |= tables_.owners->has_news();
  } else if (ipam::IsLedgerMessage(message)) {
    news = tables_.addresses->Merge(message);
  } else if (election::IsTenureMessage(message)) {
    news = tables_.elections->Merge(message);
    const bool is_new = news.ok() && *news > 0;
    heard.reunion |= is_new;
    // The sender may go by an old tenure, and then hears so from TellOthers().
    heard.look |= is_new || tables_.elections->has_news();
  }
  if (!news.ok()) heard.refused.push_back(news.status());
  return news.value_or(0);
}

gossip::wire::Bytes StateExchange::Pack() {
  const io::TurnCause cause(ports_.loop, "packs its state for a peer");
  // Facts go first: a node must know whose an address is before it hears that
  // a service has it.
  gossip::wire::Bytes state = PackUserState(
      {tables_.owners->FullMessage(), tables_.addresses->FullMessage(),
       tables_.elections->tenures().FullMessage()});
  untold_.clear();
  if (state.size() > state_max_) {
    untold_ = fmt::format(
        "ledger, tenures and facts have {} bytes, want at most {}: full "
        "exchanges tell nothing of them",
        state.size(), state_max_);
  }
  return state;
}

void StateExchange::TellOthers() {
  const io::TurnCause cause(ports_.loop, "tells the others");
  tables_.owners->TellOthers();
  for (const auto& messages : {tables_.addresses->TakeMessages(kMessageMax),
                               tables_.elections->TakeNews(kMessageMax)}) {
    if (messages.size() > kToldByGossipMax) {
      ports_.spread();
      continue;
    }
    for (const std::string& message : messages) {
      if (!ports_.broadcast({message.begin(), message.end()}).ok()) break;
    }
  }
}

}  // namespace lb
