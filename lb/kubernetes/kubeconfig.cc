#include "lb/kubernetes/kubeconfig.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/config/fields.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/cut_text.h"

namespace lb::kubernetes {
namespace {

using config::Fields;
using config::Report;
using config::YamlNode;

struct Refused {
  std::string_view field;
  std::string_view message;
};

constexpr std::array<Refused, 2> kRefusedOfCluster = {{
    {"insecure-skip-tls-verify",
     "not supported: anyone on the way could be the server; want "
     "certificate-authority-data"},
    {"proxy-url", "not supported, want a server that is reached directly"},
}};
constexpr std::array<Refused, 6> kRefusedOfUser = {{
    {"exec",
     "not supported: no other program is started; want client-certificate and "
     "client-key, or tokenFile, which that program may renew"},
    {"auth-provider",
     "not supported, want client-certificate and client-key, or tokenFile"},
    {"username",
     "not supported: the API has no basic authentication; want a token or a "
     "client-certificate"},
    {"password",
     "not supported: the API has no basic authentication; want a token or a "
     "client-certificate"},
    {"as", "not supported, want the credentials of that user"},
    {"as-groups", "not supported, want the credentials of that user"},
}};

// Relative files are beside the kubeconfig.
std::string Resolved(const std::string& kubeconfig, const std::string& file) {
  const size_t slash = kubeconfig.rfind('/');
  if (file.starts_with('/') || slash == kubeconfig.npos) return file;
  return fmt::format("{}/{}", kubeconfig.substr(0, slash), file);
}

class KubeconfigReader {
 public:
  KubeconfigReader(const KubeconfigSource& source, FileReader reader)
      : source_(source),
        reader_(reader),
        report_(config::Origin(source.path, 0), "kubeconfig") {}

  absl::StatusOr<Access> Read() {
    LB_ASSIGN_OR_RETURN(const YamlNode root, ReadDocument());
    const Fields fields(root, "", &report_);
    const std::string context_name = source_.context.empty()
                                         ? fields.Text("current-context")
                                         : source_.context;
    if (context_name.empty()) {
      fields.Refuse("current-context", "missing, want the name of a context");
    }
    LB_RETURN_IF_ERROR(Verdict());
    std::string cluster, user;
    Visit(fields, {"contexts", "context", context_name},
          [&](const Fields& context) {
            cluster = context.Text("cluster");
            user = context.Text("user");
            access_.name_space = context.Text("namespace");
            if (cluster.empty()) {
              context.Refuse("cluster", "missing, want the name of a cluster");
            }
          });
    LB_RETURN_IF_ERROR(Verdict());
    Visit(fields, {"clusters", "cluster", cluster},
          [&](const Fields& map) { ReadCluster(map); });
    LB_RETURN_IF_ERROR(Verdict());
    // A context without a user is anonymous.
    if (!user.empty()) {
      Visit(fields, {"users", "user", user},
            [&](const Fields& map) { ReadUser(map); });
    }
    LB_RETURN_IF_ERROR(Verdict());
    return std::move(access_);
  }

 private:
  // A named entry: `clusters` has items with a name and a `cluster`.
  struct Entry {
    std::string_view list;
    std::string_view item;
    std::string_view name;
  };

  absl::StatusOr<YamlNode> ReadDocument() {
    std::optional<YamlNode> root;
    const std::optional<config::YamlError> error = config::ForEachYamlDocument(
        source_.text, [&](const YamlNode& document) {
          if (!root) root = document;
        });
    if (error) {
      report_.Refuse(error->line, "", error->message);
    } else if (!root || root->kind != YamlNode::Kind::kMap) {
      report_.Refuse(0, "", "no map, want a kubeconfig");
    }
    LB_RETURN_IF_ERROR(Verdict());
    return *std::move(root);
  }

  // The first fault so far.
  absl::Status Verdict() const {
    if (!status_.ok()) return status_;
    if (report_.ok()) return absl::OkStatus();
    return absl::InvalidArgumentError(report_.problems().front().ToString());
  }

  // Calls `read` with the entry's map, or refuses: there is none.
  void Visit(const Fields& root, const Entry& entry,
             absl::FunctionRef<void(const Fields&)> read) {
    const YamlNode* list = root.Find(entry.list);
    const YamlNode empty;
    for (const YamlNode& item : (list == nullptr ? empty : *list).children) {
      const YamlNode* name = item.Find("name");
      const YamlNode* map = item.Find(entry.item);
      if (name == nullptr || name->text != entry.name) continue;
      if (map == nullptr || map->kind != YamlNode::Kind::kMap) {
        report_.Refuse(item.line, fmt::format("{}[{}]", entry.list, entry.name),
                       fmt::format("no `{}`, want a map", entry.item));
        return;
      }
      const Fields fields(
          *map, fmt::format("{}[{}].{}", entry.list, entry.name, entry.item),
          &report_);
      return read(fields);
    }
    root.Refuse(entry.list,
                fmt::format("none is named \"{}\", want one that is",
                            CutText(entry.name, 200)));
  }

  // False is as good as absent.
  static bool IsSet(const Fields& fields, std::string_view key) {
    const YamlNode* value = fields.Find(key);
    if (value == nullptr || value->kind == YamlNode::Kind::kNull) return false;
    if (value->kind != YamlNode::Kind::kScalar) return true;
    return !value->text.empty() && value->text != "false";
  }

  void ReadCluster(const Fields& cluster) {
    for (const Refused& refused : kRefusedOfCluster) {
      if (IsSet(cluster, refused.field)) {
        cluster.Refuse(refused.field, std::string(refused.message));
      }
    }
    const std::string url = cluster.Text("server");
    absl::StatusOr<ServerUrl> server = ParseServerUrl(url);
    if (server.ok()) {
      access_.server = std::move(server->server);
      access_.path_prefix = std::move(server->path_prefix);
    } else {
      cluster.Refuse("server", std::string(server.status().message()));
    }
    access_.tls_server_name = cluster.Text("tls-server-name");
    access_.certificate_authority =
        ReadPem(cluster, "certificate-authority", "CERTIFICATE");
  }

  void ReadUser(const Fields& user) {
    for (const Refused& refused : kRefusedOfUser) {
      if (IsSet(user, refused.field)) {
        user.Refuse(refused.field, std::string(refused.message));
      }
    }
    access_.client_certificate =
        ReadPem(user, "client-certificate", "CERTIFICATE");
    access_.client_key = ReadPem(user, "client-key", "PRIVATE KEY");
    const bool has_certificate = !access_.client_certificate.text.empty();
    if (has_certificate != !access_.client_key.text.empty()) {
      user.Refuse(has_certificate ? "client-key" : "client-certificate",
                  "missing, want both client-certificate and client-key");
    }
    ReadToken(user);
  }

  // As in client-go: with both, the token counts until the file was read.
  void ReadToken(const Fields& user) {
    if (user.Has("token")) {
      absl::StatusOr<std::string> token = CheckToken(user.Text("token"));
      if (token.ok()) {
        access_.token = *std::move(token);
      } else {
        user.Refuse("token", std::string(token.status().message()));
      }
    }
    if (!user.Has("tokenFile")) return;
    access_.token_file = Resolved(source_.path, user.Text("tokenFile"));
    if (user.Has("token")) return;
    const absl::StatusOr<std::string> text = reader_(access_.token_file);
    Note(user, "tokenFile", access_.token_file,
         text.ok() ? CheckToken(*text).status() : text.status());
  }

  // The text of FIELD-data, else of the file FIELD.
  Pem ReadPem(const Fields& fields, const std::string& field,
              std::string_view kind) {
    Pem pem;
    const std::string data_field = field + "-data";
    if (fields.Has(data_field)) {
      if (!absl::Base64Unescape(fields.Text(data_field), &pem.text)) {
        fields.Refuse(data_field, "no base64, want PEM in base64");
        return pem;
      }
      const absl::Status status = CheckPem(pem.text, kind);
      if (!status.ok()) {
        fields.Refuse(data_field, std::string(status.message()));
      }
      return pem;
    }
    if (!fields.Has(field)) return pem;
    pem.file = Resolved(source_.path, fields.Text(field));
    absl::StatusOr<std::string> text = reader_(pem.file);
    Note(fields, field, pem.file,
         text.ok() ? CheckPem(*text, kind) : text.status());
    if (text.ok()) pem.text = *std::move(text);
    return pem;
  }

  // Keeps the first fault of a file, with the reader's code.
  void Note(const Fields& fields, std::string_view field,
            const std::string& file, const absl::Status& status) {
    if (status.ok() || !status_.ok()) return;
    status_ =
        Prefixed(fmt::format("{}:{}: kubeconfig: {}: {}", source_.path,
                             fields.LineOf(field), fields.PathOf(field), file),
                 status);
  }

  const KubeconfigSource& source_;
  const FileReader reader_;
  Report report_;
  absl::Status status_;
  Access access_;
};

}  // namespace

absl::StatusOr<Access> ReadKubeconfig(const KubeconfigSource& source,
                                      FileReader reader) {
  return KubeconfigReader(source, reader).Read();
}

}  // namespace lb::kubernetes
