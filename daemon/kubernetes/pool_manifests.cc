#include "daemon/kubernetes/pool_manifests.h"

#include <map>
#include <utility>

#include "daemon/kubernetes/source_kinds.h"
#include "fmt/format.h"

namespace lb {
namespace {

using config::Object;
using config::ObjectChange;
using config::Problem;

constexpr std::string_view kOtherKind =
    "with pools-from: manifests only pools, advertisements and objects for BGP "
    "come from files, want it at the API server";

bool IsPool(std::string_view object) {
  return IsPoolManifest(config::KindOf(object));
}

// A fault of a file. Its name must not be that of an object of the API server.
Problem OfFile(Problem problem) {
  if (!problem.object.empty()) {
    problem.message = fmt::format("{}: {}", problem.object, problem.message);
  }
  problem.object = fmt::format("Manifest/{}", problem.origin.file());
  return problem;
}

}  // namespace

bool IsPoolManifest(std::string_view kind) {
  for (const SourceKind& known : SourceKinds()) {
    if (known.kind == kind) return known.is_own;
  }
  return false;
}

void RefuseOtherKinds(config::Manifests* manifests) {
  const auto refuse = [&](const config::Origin& origin,
                          const std::string& object) {
    manifests->problems.push_back({.origin = origin,
                                   .object = object,
                                   .message = std::string(kOtherKind)});
  };
  std::set<std::string> refused;
  std::erase_if(manifests->objects, [&](const Object& object) {
    if (IsPool(object.name)) return false;
    refuse(object.origin, object.name);
    refused.insert(object.name);
    return true;
  });
  std::erase_if(manifests->repeated, [](const config::Repeated& repeated) {
    return !IsPool(repeated.object.name);
  });
  // Services of other types.
  for (const std::string& name : manifests->passed_over) {
    if (IsPool(name) || refused.contains(name)) continue;
    refuse(config::Origin("", 0), name);
  }
}

std::vector<ObjectChange> PoolManifests::ChangesTo(
    const config::Desired& read) {
  std::map<std::string, ObjectChange> changes;
  for (const auto& [name, object] : read.objects) {
    if (!IsPool(name)) continue;
    changes[name] = {.name = name, .object = object};
  }
  for (const Problem& problem : read.problems) {
    Problem fault = IsPool(problem.object) ? problem : OfFile(problem);
    ObjectChange& change = changes[fault.object];
    change.name = fault.object;
    // The value in force, if there is one, is its last good one.
    change.object.reset();
    change.problems.push_back(std::move(fault));
  }
  std::vector<ObjectChange> list;
  for (const std::string& name : std::exchange(names_, {})) {
    if (!changes.contains(name)) list.push_back(config::GoneObject(name));
  }
  for (auto& [name, change] : changes) {
    names_.insert(name);
    list.push_back(std::move(change));
  }
  return list;
}

}  // namespace lb
