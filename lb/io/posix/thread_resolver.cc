#include "lb/io/posix/thread_resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "fmt/format.h"

namespace lb::io {
namespace {

using Addresses = absl::StatusOr<std::vector<net::IpAddress>>;

absl::StatusOr<net::IpAddress> AddressOf(const addrinfo& info) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(info.ai_addr);
  if (info.ai_family == AF_INET) {
    return net::IpAddress::FromBytes(
        absl::MakeConstSpan(bytes + offsetof(sockaddr_in, sin_addr), 4));
  }
  return net::IpAddress::FromBytes(
      absl::MakeConstSpan(bytes + offsetof(sockaddr_in6, sin6_addr), 16));
}

// Blocks.
Addresses Look(const std::string& name) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // Else each address comes three times.
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (error == EAI_NONAME || error == EAI_NODATA) {
    return absl::NotFoundError(
        fmt::format("{}: {}", name, gai_strerror(error)));
  }
  if (error != 0) {
    return absl::UnavailableError(
        fmt::format("{}: {}", name, gai_strerror(error)));
  }
  std::set<net::IpAddress> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    if (info->ai_family != AF_INET && info->ai_family != AF_INET6) continue;
    const auto address = AddressOf(*info);
    if (address.ok()) addresses.insert(*address);
  }
  freeaddrinfo(found);
  if (addresses.empty()) {
    return absl::NotFoundError(fmt::format("{}: it has no address", name));
  }
  return std::vector<net::IpAddress>(addresses.begin(), addresses.end());
}

}  // namespace

struct ThreadResolver::Link {
  absl::Mutex mutex;
  // Null: the resolver is gone, and perhaps the loop with it.
  ThreadResolver* resolver ABSL_GUARDED_BY(mutex) = nullptr;
};

ThreadResolver::ThreadResolver(PosixLoop* loop)
    : loop_(loop), link_(std::make_shared<Link>()) {
  const absl::MutexLock lock(&link_->mutex);
  link_->resolver = this;
}

ThreadResolver::~ThreadResolver() {
  const absl::MutexLock lock(&link_->mutex);
  link_->resolver = nullptr;
}

void ThreadResolver::Resolve(const std::string& name, OnResolved on_resolved) {
  if (waiting_.size() >= kWaitingMax) {
    loop_->Post([name, on_resolved = std::move(on_resolved)]() mutable {
      on_resolved(absl::UnavailableError(
          fmt::format("{}: {} lookups wait already", name, kWaitingMax)));
    });
    return;
  }
  waiting_.push_back({name, std::move(on_resolved)});
  StartNext();
}

void ThreadResolver::StartNext() {
  if (threads_ == kThreadsMax || waiting_.empty()) return;
  ++threads_;
  Lookup lookup = std::move(waiting_.front());
  waiting_.pop_front();
  // Detached: getaddrinfo() cannot be ended, and no thread has to wait for it.
  std::thread([link = link_, lookup = std::move(lookup)]() mutable {
    Addresses addresses = Look(lookup.name);
    const absl::MutexLock lock(&link->mutex);
    if (link->resolver == nullptr) return;
    link->resolver->loop_->Post([link,
                                 on_resolved = std::move(lookup.on_resolved),
                                 addresses = std::move(addresses)]() mutable {
      {
        const absl::MutexLock lock(&link->mutex);
        if (link->resolver == nullptr) return;
        --link->resolver->threads_;
        link->resolver->StartNext();
      }
      on_resolved(std::move(addresses));
    });
  }).detach();
}

}  // namespace lb::io
