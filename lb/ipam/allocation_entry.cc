#include "lb/ipam/allocation_entry.h"

#include <utility>

#include "fmt/format.h"

namespace lb::ipam {
namespace {

std::string AwaitedBy(const AllocationSources& sources) {
  if (sources.records) {
    return "waiting for the controller to assign an address";
  }
  if (!sources.author) return "waiting to hear from the cluster";
  return fmt::format("waiting for {} to assign an address", *sources.author);
}

std::string WhyLeftOut(const AllocationSources& sources,
                       const std::string& service) {
  return sources.records ? sources.records->WhyLeftOut(service) : "";
}

// Its record is not on disk yet. Nullopt: it has none.
std::optional<AllocationEntry> UnsavedEntry(const AllocationSources& sources,
                                            const std::string& service) {
  const absl::Status& error = sources.saver.error();
  if (!error.ok()) {
    return AllocationEntry{
        .reason = fmt::format("the state folder cannot be written: {}",
                              std::string(error.message()))};
  }
  const Record* const record = sources.ledger.Find(service);
  if (record == nullptr || record->is_release()) return std::nullopt;
  return AllocationEntry{.reason = "being written to the state folder",
                         .waiting = true,
                         .being_written = true};
}

// The entry of a service for which nothing is held.
AllocationEntry EntryWithout(const AllocationSources& sources,
                             const ServiceRequest& request) {
  if (sources.saver.IsUnsaved(request.service)) {
    if (auto entry = UnsavedEntry(sources, request.service)) return *entry;
  }
  std::string left_out = WhyLeftOut(sources, request.service);
  if (!left_out.empty()) return {.reason = std::move(left_out)};
  const absl::Status* const why = sources.queue.FailureOf(request.service);
  const absl::Status refusal =
      why != nullptr ? *why : sources.allocator.Check(request);
  if (!refusal.ok()) {
    return {.reason = std::string(refusal.message()), .code = refusal.code()};
  }
  // The author was, or will be, refused it: its failure, not this node's.
  const absl::Status likely = sources.allocator.Decide(request).status;
  if (!likely.ok()) return {.reason = std::string(likely.message())};
  return {.reason = AwaitedBy(sources), .waiting = true};
}

}  // namespace

AllocationEntry EntryOf(const AllocationSources& sources,
                        const ServiceRequest& request) {
  const std::string& service = request.service;
  const auto held = sources.allocator.Find(service);
  if (!held.has_value() || sources.saver.IsUnsaved(service)) {
    return EntryWithout(sources, request);
  }
  AllocationEntry entry = {.assignment = *held};
  if (const auto* const why = sources.queue.FailureOf(service)) {
    entry.reason = std::string(why->message());
    entry.code = why->code();
  } else if (!sources.is_author) {  // The author was refused the same.
    entry.reason =
        std::string(sources.allocator.Decide(request).status.message());
  }
  if (entry.reason.empty()) entry.reason = WhyLeftOut(sources, service);
  return entry;
}

}  // namespace lb::ipam
