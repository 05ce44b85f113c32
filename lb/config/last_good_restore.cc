#include <map>
#include <string>
#include <string_view>

#include "lb/config/last_good.h"

namespace lb::config {
namespace {

// One object of an earlier run, read again; nullptr: it is none any more.
const Object* ReadAgain(const std::string& name, const LastGood::Text& text,
                        const ManifestOptions& options, Manifests* scratch) {
  *scratch = {};
  ParseManifests(text.file, text.text, options, scratch);
  for (Object& object : scratch->objects) {
    if (object.name != name) continue;
    object.origin = {text.file, text.line};
    object.field_lines.clear();  // They are those of `text`.
    return &object;
  }
  return nullptr;
}

}  // namespace

Desired RestoreDesired(const LastGood& last_good, const Manifests& now,
                       const ManifestOptions& options) {
  Desired desired;
  desired.read_paths = last_good.read_paths;
  desired.faulty_services = last_good.faulty_services;
  desired.strangers = last_good.strangers;
  std::map<std::string_view, const Object*> unchanged;
  for (const Object& object : now.objects) unchanged[object.name] = &object;
  Manifests scratch;
  for (const auto& [name, text] : last_good.objects) {
    const auto found = unchanged.find(name);
    const bool is_same =
        found != unchanged.end() && found->second->text == text.text;
    const Object* const object =
        is_same ? found->second : ReadAgain(name, text, options, &scratch);
    if (object == nullptr) continue;
    Object& restored = desired.objects[name];
    restored = *object;
    restored.origin = {text.file, object->origin.line()};
  }
  return desired;
}

}  // namespace lb::config
