#include "lb/kubernetes/bearer_token.h"

#include <utility>

#include "fmt/format.h"
#include "lb/base/status_text.h"
#include "lb/kubernetes/access.h"

namespace lb::kubernetes {
namespace {

constexpr absl::Duration kReadInterval = absl::Minutes(1);
constexpr absl::Duration kReadIntervalMin = absl::Seconds(5);

}  // namespace

BearerToken::BearerToken(Source source, Reader reader)
    : source_(std::move(source)), reader_(std::move(reader)) {}

std::string BearerToken::Header(absl::Time now) {
  // Without a token the client is anonymous, which is refused by 403: no 401
  // tells that there is a file by now.
  const absl::Duration interval =
      error_.ok() ? kReadInterval : kReadIntervalMin;
  if (!source_.token_file.empty() && now - read_at_ >= interval) Read(now);
  if (source_.token.empty()) return {};
  return fmt::format("Bearer {}", source_.token);
}

void BearerToken::OnUnauthorized(absl::Time now) {
  if (source_.token_file.empty() || now - read_at_ < kReadIntervalMin) return;
  Read(now);
}

void BearerToken::Read(absl::Time now) {
  read_at_ = now;
  absl::StatusOr<std::string> token = reader_(source_.token_file);
  if (token.ok()) token = CheckToken(*token);
  error_ = token.ok() ? absl::OkStatus()
                      : Prefixed(source_.token_file, token.status());
  if (token.ok()) source_.token = *std::move(token);
}

}  // namespace lb::kubernetes
