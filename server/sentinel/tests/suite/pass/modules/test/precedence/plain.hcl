import "module" "shapes" {
  source = "../../parts/shapes.sentinel"
}

test {
  rules = {
    main = true
    out  = [42, true, 1024, "A"]
  }
}
