# The error lies at: param given
import "module" "part" {
  source = "../../parts/asking.sentinel"
}
