// DocumentReader: the documents of one file, each an object or a list, into
// Manifests.
//
// Judges each by its kind: reads it, converts it, counts it as skipped, or
// refuses it. Not thread-safe; the Manifests outlive the reader.
//
//   DocumentReader reader("pools.yaml", options, &manifests);
//   ForEachYamlDocument(text, [&](const YamlNode& node) {
//     reader.Read(node);
//   });
#ifndef LB_CONFIG_DOCUMENT_READER_H_
#define LB_CONFIG_DOCUMENT_READER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/fields.h"
#include "lb/config/kinds.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {

class DocumentReader {
 public:
  DocumentReader(std::string_view file, const ManifestOptions& options,
                 Manifests* manifests)
      : file_(file), options_(options), manifests_(manifests) {}

  // Beyond kDocumentsPerFileMax it only counts.
  void Read(const YamlNode& document) { ReadDocument(document, {}); }
  size_t document_count() const { return document_count_; }

 private:
  // The fields that items of a typed list, such as a ServiceList, leave out.
  struct Type {
    std::string api_version;
    std::string kind;
  };

  void ReadDocument(const YamlNode& document, const Type& of_list);
  bool ReadList(const YamlNode& document, const Type& type);
  void CheckVersionOfList(const YamlNode& document, const std::string& version);
  void ReadItems(const YamlNode& items, const std::string& list,
                 const Type& type);
  void ReadObject(const YamlNode& root, const Type& type);
  void ReadKind(const YamlNode& root, const Type& type,
                const KindVerdict& verdict);
  void Convert(const YamlNode& root, const Type& type,
               const KindVerdict& verdict);
  void ReadConverted(const std::vector<YamlNode>& objects,
                     const std::string& from);
  void RefuseKind(const YamlNode& root, const KindVerdict& verdict,
                  const std::string& kind);
  void RefuseWithoutKind(const YamlNode& root);
  void Skip(const YamlNode& root, const Type& type, const std::string& notice);
  void Keep(Object object, std::optional<ObjectValue> value,
            const Report& report);
  void Append(const Report& report);
  // The document may be any object that the file defined before.
  void MarkUnclear();
  // A refused object of this name is still defined.
  void Define(const std::string& name, int line);
  // Notes the texts in the metadata: any may be the name of the object.
  void Mention(std::string_view kind, const YamlNode* metadata);

  const std::string file_;
  const ManifestOptions& options_;
  Manifests* const manifests_;
  size_t document_count_ = 0;
};

}  // namespace lb::config

#endif  // LB_CONFIG_DOCUMENT_READER_H_
