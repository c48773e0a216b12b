# The error lies at: import "strings"
test {
  rules = {
    main = false
  }
}
