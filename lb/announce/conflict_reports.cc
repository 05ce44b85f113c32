#include "lb/announce/conflict_reports.h"

#include <utility>

namespace lb::announce {

void ConflictReports::Add(Conflict conflict, ProxyCheck::Verdict rival,
                          bool despite_proxy) {
  const Announcement announcement = conflict.announcement;
  const bool is_proxy = rival == ProxyCheck::Verdict::kProxy;
  if (conflict.outcome == Outcome::kTakenBack && is_proxy && despite_proxy) {
    conflict.outcome = Outcome::kOverlooked;
  }
  if (conflict.outcome == Outcome::kWithheld) {
    if (rival == ProxyCheck::Verdict::kAsking) {
      unjudged_.insert_or_assign(announcement, conflict);
      return;
    }
    if (is_proxy) conflict.outcome = Outcome::kProxied;
  }
  conflicts_.insert_or_assign(announcement, conflict);
}

void ConflictReports::OnProxy(const Announcement& announcement,
                              const net::MacAddress& rival) {
  unjudged_.erase(announcement);
  conflicts_.insert_or_assign(announcement,
                              Conflict{announcement, rival, Outcome::kProxied});
}

void ConflictReports::OnNoProxy(const Announcement& announcement) {
  auto unjudged = unjudged_.extract(announcement);
  if (unjudged) conflicts_.insert(std::move(unjudged));
}

void ConflictReports::Drop(const Announcement& announcement) {
  conflicts_.erase(announcement);
  unjudged_.erase(announcement);
}

std::vector<Conflict> ConflictReports::Take() {
  std::vector<Conflict> taken;
  for (const auto& [announcement, conflict] : conflicts_) {
    taken.push_back(conflict);
  }
  conflicts_.clear();
  return taken;
}

}  // namespace lb::announce
