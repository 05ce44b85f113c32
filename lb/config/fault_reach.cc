#include "lb/config/fault_reach.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"

namespace lb::config {
namespace {

constexpr std::string_view kService = "Service/";

// Is `file` the path, or in the folder that it is?
bool IsUnder(std::string_view file, std::string_view path) {
  if (!file.starts_with(path)) return false;
  return file.size() == path.size() || path.ends_with('/') ||
         file[path.size()] == '/';
}

bool IsUnderAny(std::string_view file, const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return IsUnder(file, path);
  });
}

}  // namespace

bool FaultReach::MayHold(const Object& object) const {
  return MayHoldFile(object.origin.file()) || IsMentioned(object);
}

bool FaultReach::MayHoldFile(const std::string& file) const {
  return IsUnread(file) || HasUnclear(file);
}

bool FaultReach::IsUnread(const std::string& file) const {
  const Understanding& now = manifests_.understanding;
  const auto& empty = now.empty_files;
  return IsUnderAny(file, now.broken_paths) ||
         std::find(empty.begin(), empty.end(), file) != empty.end();
}

// Are there more of them than were there when all objects were?
bool FaultReach::HasUnclear(const std::string& file) const {
  const auto& files = manifests_.understanding.unclear_files;
  const auto unclear = files.find(file);
  if (unclear == files.end()) return false;
  const auto strangers = previous_.strangers.find(file);
  return strangers == previous_.strangers.end() ||
         unclear->second > strangers->second;
}

// By kind and name, whatever the namespace.
bool FaultReach::IsMentioned(const Object& object) const {
  const auto& mentioned = manifests_.understanding.mentioned;
  if (mentioned.empty()) return false;
  const std::string& name = object.name;
  return mentioned.contains(name.substr(0, name.find('/')) +
                            name.substr(name.rfind('/')));
}

void FaultReach::Report(Desired* desired) const {
  CollectPaths(desired);
  CollectStrangers(desired);
  CollectServices(desired);
}

void FaultReach::CollectPaths(Desired* desired) const {
  const Understanding& now = manifests_.understanding;
  desired->read_paths = now.read_paths;
  for (const std::string& path : previous_.read_paths) {
    if (IsUnderAny(path, now.broken_paths)) desired->read_paths.insert(path);
  }
  desired->may_define.any =
      std::any_of(now.unread_paths.begin(), now.unread_paths.end(),
                  [&](const std::string& path) {
                    return !previous_.read_paths.contains(path);
                  });
}

void FaultReach::CollectStrangers(Desired* desired) const {
  const Understanding& now = manifests_.understanding;
  for (const auto& [file, count] : previous_.strangers) {
    if (IsUnread(file)) desired->strangers[file] = count;
  }
  if (now.unclear_files.empty()) return;
  std::set<std::string_view> holding;  // Files with objects that they miss.
  std::set<std::string_view> read;
  for (const Object& object : manifests_.objects) read.insert(object.name);
  for (const auto& [name, object] : desired->objects) {
    const bool is_named =
        read.contains(name) || manifests_.defined_at.contains(name);
    if (!is_named) holding.insert(object.origin.file());
  }
  for (const auto& [file, count] : now.unclear_files) {
    const auto before = previous_.strangers.find(file);
    const size_t known =
        before == previous_.strangers.end() ? 0 : before->second;
    if (IsUnderAny(file, now.broken_paths)) continue;
    desired->strangers[file] =
        holding.contains(file) ? std::min(known, count) : count;
  }
}

void FaultReach::CollectServices(Desired* desired) const {
  auto& faulty = desired->faulty_services;
  for (const auto& [name, place] : manifests_.defined_at) {
    if (!name.starts_with(kService)) continue;
    faulty[name.substr(kService.size())] = place.substr(0, place.rfind(':'));
  }
  for (const auto& [service, file] : previous_.faulty_services) {
    if (MayHoldFile(file)) faulty.emplace(service, file);
  }
  std::erase_if(faulty, [&](const auto& service) {
    return desired->objects.contains(
        fmt::format("{}{}", kService, service.first));
  });
  for (const auto& [service, file] : faulty) {
    desired->may_define.services.insert(service);
  }
  for (const std::string& name : manifests_.understanding.mentioned) {
    if (!name.starts_with(kService)) continue;
    desired->may_define.names.insert(name.substr(kService.size()));
  }
}

}  // namespace lb::config
