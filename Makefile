# Every target installs what it needs into $(VENV) on its first run, which takes minutes. You need make
# and Python 3.11, 3.12 or 3.13.

# An environment each: that of `make test PYTHON=python3.13` is .venv-python3.13.
VENV ?= .venv$(addprefix -,$(notdir $(PYTHON)))
WHEEL_VENV ?= $(VENV)-wheel
# `make demo` writes into DEMO. It renders rooms, or takes DATA, a folder in the pairs layout. Rooms are
# rendered at a size that needs no cache; a fifth of them are test rooms, enough for narrow intervals.
DEMO ?= build/demo
DATA ?=
ROOM_IMAGES ?= 900
ROOM_VIEWS ?= 5
ROOM_SIZE ?= 160x120
ROOM_SAMPLES ?= 2
ROOM_TEST_SHARE ?= 0.2
ROOM_SEED ?= 1
DEMO_STEPS ?= 300
# The NYU pairs, for tests and training.
NYU_PAIRS ?= ../shared/data/nyu_labelled
# Their 40 classes, the second task of `make transfer` and `make scratch`.
NYU_LABELS ?= $(NYU_PAIRS)/train_labels40
# METER-XXS as ONNX, which `make figures` compares speed with; left out where it is missing.
PEER ?= ../shared/peers/meter_xxs_nyu.onnx
SHIPPED = $(basename $(notdir $(wildcard src/depth_unet/weights/*.safetensors)))
# Where `make transfer`, `make scratch` and `make rendered` write, and the factor on the predicted uncertainty (measured
# with benchmarks/accuracy/uncertainty.py), and the correlation of errors (with measure.py, beside it).
WEIGHTS ?= build/weights
SPREAD_SCALE ?= 1
CORRELATION ?= 0.15 0.4 0.7 1.07
# Photos without depth, which `make transfer` and `make scratch` label (docs/labels.md).
PHOTOS ?= ../shared/data/room_photos
# `make transfer`: the networks that label them, and steps of the four phases.
TEACHERS ?= transfer rendered:0.7
TRANSFER_FIRST ?= 3000
TRANSFER_SECOND ?= 2600
TRANSFER_THIRD ?= 3000
TRANSFER_FOURTH ?= 2400
# `make scratch`: images to render, steps on them, steps of each of the two phases on NYU and rooms, further
# networks that label PHOTOS, beside the weights of these phases, and steps of the three phases on photos.
SCRATCH_ROOMS ?= 4000
SCRATCH_FIRST ?= 3600
SCRATCH_STEPS ?= 2400
SCRATCH_TEACHERS ?=
SCRATCH_THIRD ?= 5000
SCRATCH_FOURTH ?= 2800
SCRATCH_LAST ?= 2800
# `make rendered`: images to render, and steps of the three phases.
RENDERED_ROOMS ?= 5000
RENDERED_FIRST ?= 1800
RENDERED_SECOND ?= 3800
RENDERED_THIRD ?= 3000
# The tests that `make wheel` runs on the installed wheel; WHEEL_TESTS=tests runs all.
WHEEL_TESTS ?= $(wildcard tests/architecture tests/contract tests/integration)

# Where `make page` builds to, from web/.
PAGE := src/depth_unet/app/page
NPM := $(shell sh -c 'command -v npm')
BIN := $(abspath $(VENV))/bin
WHEEL_BIN := $(abspath $(WHEEL_VENV))/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.ready-docs
WHEEL_READY := $(WHEEL_VENV)/.ready
TORCH := $(shell grep '^torch==' constraints.txt)

# Each candidate is tried, because it may not work (pyenv's launchers) or may lack venv (Debian).
ifdef PYTHON
BASE_PYTHON := $(PYTHON)
else
BASE_PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3 python; do $$p -c \
	'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$p && break; done)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.PHONY: help demo demo-data training-data test test-all chaos coverage mutants check page browser wheel docs bench transfer scratch rendered graphs figures pictures clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
		while IFS='|' read -r target text; do printf '%-16s %s\n' "$$target" "$$text"; done

# The photos of the first step were rendered with NYU's field of view.
demo: demo-data $(READY) ## predict three photos; render rooms (or use DATA=folder), train, evaluate (5 minutes)
	@printf '\n%s\n' '1/4 Predicting the depth of three rendered photos, with the weights that ship with the package'
	$(BIN)/python -m depth_unet predict examples/photos --fov 63.3 --save panel --out $(DEMO)/first --overwrite
	@printf '%s\n' 'Look at them now: $(DEMO)/first/*_panel.png'
	@printf '\n%s\n' '2/4 $(ABOUT_PAIRS)'
	$(BIN)/python -m depth_unet $(MAKE_PAIRS)
	@printf '\n%s\n%s\n' '3/4 Training a network for two to three minutes. Its encoder was trained to name what photos' \
		'    show (ImageNet). All that it will know about depth, it learns now.'
	$(BIN)/python -m depth_unet train transfer --data $(PAIRS) --out $(DEMO)/run \
		--canvas.height 96 --canvas.width 128 --batch-size 16 --steps $(DEMO_STEPS) \
		--validate-every $(shell expr $(DEMO_STEPS) / 2) --augment.zoom 1 --augment.blur 0 \
		--loss.mae 0.6 --loss.gradient-edge 0.2 --loss.gradient-matching 0 --loss.silog 0.3 --overwrite
	@printf '\n%s\n' '4/4 Evaluating the network on photos that it was not trained on'
	$(BIN)/python -m depth_unet evaluate $(DEMO)/run --data $(PAIRS) --out $(DEMO)/evaluation --overwrite
ifeq ($(DATA),)
	$(BIN)/python -m depth_unet compare transfer $(DEMO)/run --data $(PAIRS) --split test \
		--out $(DEMO)/comparison --overwrite
endif
	@printf '\n%s\n' 'Done. Look at:'
	@printf '  %s\n    %s\n' \
		'$(DEMO)/first/*_panel.png' 'three rendered photos, and their depth by the shipped network' \
		'$(DEMO)/evaluation/report.html' 'how good the network is that you just trained, with pictures'
ifeq ($(DATA),)
	@printf '  %s\n    %s\n' \
		'$(DEMO)/comparison/comparison.html' 'the same photos by the shipped network and by yours' \
		'$(DEMO)/rooms/preview.png' 'some of the rendered rooms, and their true depth'
endif

# Tests start a hundred processes: what one compiled, the next ones need not.
TESTING := env -u PYTHONDONTWRITEBYTECODE
# Each process begins with a part of its own and helps the other at its end: tests of one file, which
# share what they prepared, stay together.
PARALLEL := -n auto --dist worksteal
TIMEOUT := $(if $(shell sh -c 'command -v timeout'),timeout --foreground -k 10 600)

test: $(READY) ## run the tests, without those marked `slow` or `browser`
	$(TESTING) OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PARALLEL)

test-all: $(READY) ## run all tests
	$(TESTING) OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PARALLEL) -m ""

# The slow ones of them, too. After ten minutes it ends with an error, even if a test hangs. macOS has
# no `timeout`, and so no limit.
chaos: $(READY) ## break things on purpose: the tests of docs/faults.md (under ten minutes)
	$(TESTING) OMP_NUM_THREADS=1 $(TIMEOUT) $(BIN)/python -m pytest -n auto -m chaos

# The processes that tests start write beside the data of their parents, wherever they work.
coverage: export COVERAGE_FILE = $(abspath build/coverage/data)
coverage: $(READY) ## which lines of the package the tests run: 92 % at least
	$(BIN)/coverage erase
	$(TESTING) OMP_NUM_THREADS=1 $(BIN)/coverage run -m pytest $(PARALLEL)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# mutmut writes into mutants/, and does not run a second time what is still known there.
mutants: $(READY) ## change the code of losses, metrics, splits, cameras: do tests notice? (an hour at most)
	rm -rf mutants
	$(TESTING) OMP_NUM_THREADS=1 $(BIN)/python -m tools.mutants

check: $(READY) ## check style, types, layers and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/codespell

page: ## build the page of `depth-unet app` (needs Node.js 20 or later)
	$(if $(NPM),,$(error npm is missing; install Node.js 20 or later and run `make page` again))
	npm ci --prefix web
	npm run --prefix web build

browser: page $(READY) ## check the source of the page, and test the page in Chromium
	npm run --prefix web check
	$(TESTING) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m browser tests/browser

# The tests run from a copy without src/, so that they import the installed wheel.
wheel: $(READY) $(WHEEL_READY) ## build the wheel, install it into a clean environment, test it there
	$(if $(NPM),$(MAKE) page,test -f $(PAGE)/index.html || { echo 'npm is missing, and the page of' \
		'`depth-unet app` is not built; install Node.js 20 or later'; exit 1; })
	rm -rf build/wheel
	$(BIN)/python -m build --wheel --no-isolation --outdir build/wheel
	$(WHEEL_BIN)/pip install --quiet -c constraints.txt "$$(echo build/wheel/*.whl)[dev]"
	$(WHEEL_BIN)/pip install --quiet --no-deps --force-reinstall build/wheel/*.whl
	@echo "Testing the installed wheel: $(WHEEL_TESTS)"
	copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && \
	cp -R pyproject.toml benchmarks examples folds tests "$$copy" && cd "$$copy" && \
	$(TESTING) -u PYTHONPATH OMP_NUM_THREADS=1 $(NYU) $(WHEEL_BIN)/python -m pytest $(PARALLEL) $(WHEEL_TESTS)

bench: $(READY) ## run the benchmarks (an hour); results go to build/bench
	status=0; for benchmark in benchmarks/*.py; do \
		$(NYU) $(BIN)/python "$$benchmark" || status=1; done; exit $$status

# Four phases: without the rooms of a fold, on which the factors of the intervals are measured; with all rooms; with
# little zoom, and half of the images from rendered rooms; then at the canvas of the recipe.
transfer: training-data $(READY) ## label PHOTOS, and train the `transfer` weights on them, NYU_PAIRS and rooms (resumable)
	$(PREPARE_NYU) --labels $(NYU_LABELS)
	$(RENDER_320)
	$(BIN)/python -m depth_unet label $(PHOTOS) --out $(WEIGHTS)/photos --teacher $(TEACHERS)
	$(TRAIN_TRANSFER) $(MEDIUM) $(call MIX,photos,0.4,0.35,0.25) --fold folds/nyu_train.csv:0 --init rendered \
		--steps $(TRANSFER_FIRST) --optim.lr 7e-4 --seed 11 --out $(WEIGHTS)/transfer-first --auto-resume
	$(TRAIN_TRANSFER) $(MEDIUM) $(call MIX,photos,0.4,0.35,0.25) --init $(WEIGHTS)/transfer-first \
		--steps $(TRANSFER_SECOND) --seed 12 --out $(WEIGHTS)/transfer-second --auto-resume
	$(TRAIN_TRANSFER) $(MEDIUM) $(call MIX,photos,0.3,0.2,0.5) --augment.zoom 1.15 --init $(WEIGHTS)/transfer-second \
		--steps $(TRANSFER_THIRD) --optim.lr 4e-4 --seed 13 --out $(WEIGHTS)/transfer-third --auto-resume
	$(TRAIN_TRANSFER) $(call MIX,photos,0.4,0.3,0.3) --augment.zoom 1.15 --init $(WEIGHTS)/transfer-third \
		--steps $(TRANSFER_FOURTH) --optim.lr 3e-4 --seed 14 --out $(WEIGHTS)/transfer --auto-resume
	$(BIN)/python -m depth_unet export $(WEIGHTS)/transfer $(WEIGHTS)/transfer.safetensors \
		--spread-scale $(SPREAD_SCALE) --correlation $(CORRELATION) --overwrite

# Rendered rooms first, with a zoom that their pixels allow, then NYU and rooms. The weights that this
# gives label photos, beside other teachers, and are the start of three runs on photos, NYU and rooms.
# All runs but the last have a smaller canvas.
scratch: training-data $(READY) ## train the `scratch` weights on rooms, NYU_PAIRS, and PHOTOS that they label (resumable)
	$(BIN)/python -m depth_unet rooms $(WEIGHTS)/rooms --images $(SCRATCH_ROOMS) --size 160x120 \
		--views 4 --samples 2 --seed 11
	$(PREPARE_NYU) --labels $(NYU_LABELS)
	$(BIN)/python -m depth_unet train scratch $(SMALL) --data $(WEIGHTS)/rooms --holdout 0.02 \
		--augment.zoom 1.25 --steps $(SCRATCH_FIRST) --validate-every $(SCRATCH_FIRST) \
		--out $(WEIGHTS)/scratch-rooms --auto-resume
	$(BIN)/python -m depth_unet train scratch $(SMALL) --data $(WEIGHTS)/nyu:0.6 $(WEIGHTS)/rooms:0.4 \
		--holdout none --init $(WEIGHTS)/scratch-rooms --steps $(SCRATCH_STEPS) \
		--out $(WEIGHTS)/scratch-first --auto-resume
	$(BIN)/python -m depth_unet train scratch $(SMALL) --data $(WEIGHTS)/nyu:0.6 $(WEIGHTS)/rooms:0.4 \
		--holdout none --init $(WEIGHTS)/scratch-first --steps $(SCRATCH_STEPS) --seed 1 \
		--out $(WEIGHTS)/scratch-second --auto-resume
	$(RENDER_320)
	$(BIN)/python -m depth_unet label $(PHOTOS) --out $(WEIGHTS)/photos-scratch \
		--teacher $(WEIGHTS)/scratch-second:0.5 $(SCRATCH_TEACHERS)
	$(TRAIN_SCRATCH) $(SMALL) $(call MIX,photos-scratch,0.35,0.4,0.25) --fold folds/nyu_train.csv:0 \
		--augment.zoom 1.5 --init $(WEIGHTS)/scratch-second --steps $(SCRATCH_THIRD) \
		--optim.lr 5e-4 --seed 21 --out $(WEIGHTS)/scratch-third --auto-resume
	$(TRAIN_SCRATCH) $(SMALL) $(call MIX,photos-scratch,0.45,0.3,0.25) --holdout none \
		--augment.zoom 1.15 --init $(WEIGHTS)/scratch-third --steps $(SCRATCH_FOURTH) \
		--seed 22 --out $(WEIGHTS)/scratch-fourth --auto-resume
	$(TRAIN_SCRATCH) $(call MIX,photos-scratch,0.45,0.3,0.25) --holdout none \
		--augment.zoom 1.15 --init $(WEIGHTS)/scratch-fourth --steps $(SCRATCH_LAST) \
		--optim.lr 4e-4 --seed 23 --out $(WEIGHTS)/scratch --auto-resume
	$(BIN)/python -m depth_unet export $(WEIGHTS)/scratch $(WEIGHTS)/scratch.safetensors \
		--spread-scale $(SPREAD_SCALE) --correlation $(CORRELATION) --overwrite

# 320x240, so that edges are sharp at the canvas of 256x192; three phases, the first from ImageNet.
rendered: $(READY) ## render rooms and train the `rendered` weights on them alone (resumable)
	$(BIN)/python -m depth_unet rooms $(WEIGHTS)/rooms-large --images $(RENDERED_ROOMS) --size 320x240 \
		--views 3 --samples 2 --seed 21 --test-share 0.04
	$(BIN)/python -m depth_unet train rendered --data $(WEIGHTS)/rooms-large --holdout none \
		--steps $(RENDERED_FIRST) --out $(WEIGHTS)/rendered-first --auto-resume
	$(BIN)/python -m depth_unet train rendered --data $(WEIGHTS)/rooms-large --holdout none \
		--init $(WEIGHTS)/rendered-first --steps $(RENDERED_SECOND) --optim.lr 7e-4 --seed 7 \
		--out $(WEIGHTS)/rendered-second --auto-resume
	$(BIN)/python -m depth_unet train rendered --data $(WEIGHTS)/rooms-large --holdout none \
		--init $(WEIGHTS)/rendered-second --steps $(RENDERED_THIRD) --optim.lr 6e-4 --seed 8 \
		--out $(WEIGHTS)/rendered --auto-resume
	$(BIN)/python -m depth_unet export $(WEIGHTS)/rendered $(WEIGHTS)/rendered.safetensors \
		--spread-scale $(SPREAD_SCALE) --correlation $(CORRELATION) --overwrite

graphs: $(READY) ## write the ONNX graphs of the shipped weights anew, beside them
	$(BIN)/python -m tools.shipped_graphs

# What it cannot make: the picture of the README and the tables of how weights were trained, degraded
# photos, other lenses and uncertainty in the cards, which come from other runs; figures in sentences;
# and docs/log.md, whose entries stay as they were. The time of a photo is measured: leave the machine
# alone for that minute. Graphs are written twice: other weights than theirs are refused, and they
# state the figures of the cards.
figures: $(READY) ## make all figures of the shipped weights anew: README, cards, graphs, milliseconds
	for name in $(SHIPPED); do \
		$(BIN)/python -m depth_unet evaluate $$name --data $(NYU_PAIRS) --split test \
			--flip --out build/figures/$$name --overwrite || exit; \
		for align in median log_scale_shift; do \
			$(BIN)/python -m depth_unet evaluate $$name --data $(NYU_PAIRS) --split test \
				--align $$align --out build/figures/$$name-$$align --overwrite || exit; done; done
	$(MAKE) graphs
	$(BIN)/python benchmarks/accuracy/latency.py $(SHIPPED) --json docs/images/latency.json \
		$(if $(wildcard $(PEER)),--peer $(PEER))
	$(BIN)/python -m tools.figures
	$(MAKE) graphs

pictures: $(READY) ## render rooms, and draw the pictures of docs/losses.md anew (a minute)
	$(BIN)/python -m tools.loss_pictures

# -W: a link, an anchor or a picture that is not there is an error. Links to other hosts are not
# followed, since tests need no network.
docs: $(DOCS_READY) ## build the documentation into build/docs, and check its links
	$(BIN)/python -m sphinx -W --keep-going -b html docs build/docs

clean: ## remove everything that was built, except .venv
	rm -rf build dist mutants $(PAGE) web/node_modules .venv-* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

PREPARE_NYU = $(BIN)/python -m depth_unet prepare $(NYU_PAIRS) $(WEIGHTS)/nyu --size 480x360
RENDER_320 = $(BIN)/python -m depth_unet rooms $(WEIGHTS)/rooms-320 --images 1600 --size 320x240 \
	--views 3 --samples 2 --seed 31
CLASSES = --model.num-classes 39 --loss.semantics 0.8
TRAIN_TRANSFER = $(BIN)/python -m depth_unet train transfer $(CLASSES) --holdout none
MIX = --data $(WEIGHTS)/nyu:$(2) $(WEIGHTS)/$(1):$(3) $(WEIGHTS)/rooms-320:$(4)
TRAIN_SCRATCH = $(BIN)/python -m depth_unet train scratch $(CLASSES)
SMALL = --canvas.height 96 --canvas.width 128
MEDIUM = --canvas.height 192 --canvas.width 256

# The copy of the tests cannot find the pairs by their relative path.
NYU = $(if $(wildcard $(NYU_PAIRS)/index.csv),DEPTH_UNET_NYU=$(abspath $(NYU_PAIRS)))

ifneq ($(DATA),)
PAIRS = $(DEMO)/cache
MAKE_PAIRS = prepare $(DATA) $(PAIRS) --size 320x240 --overwrite
ABOUT_PAIRS = Preparing the photos of $(DATA)
else
PAIRS = $(DEMO)/rooms
MAKE_PAIRS = rooms $(PAIRS) --images $(ROOM_IMAGES) --size $(ROOM_SIZE) --seed $(ROOM_SEED) \
	--views $(ROOM_VIEWS) --samples $(ROOM_SAMPLES) --test-share $(ROOM_TEST_SHARE) --preview --overwrite
ABOUT_PAIRS = Rendering $(ROOM_IMAGES) photos of rooms with exact depth, in about a minute
endif

# Check DATA before anything is installed.
demo-data:
	$(if $(DATA),$(if $(wildcard $(DATA)/index.csv),@:,$(error no data set: $(DATA)/index.csv is \
	missing; name a folder in the pairs layout: make demo DATA=/path/to/folder)),@:)

training-data:
	$(foreach path,$(NYU_PAIRS)/index.csv $(NYU_LABELS) $(PHOTOS),$(if $(wildcard $(path)),,$(error $(path) is \
	missing; name the data: make $(MAKECMDGOALS) NYU_PAIRS=/path/to/pairs PHOTOS=/path/to/photos)))@:

# torch comes first, by its version alone, so that pip takes the build (CPU or CUDA) that its own
# configuration names.
define install
$(if $(BASE_PYTHON),,$(error no Python 3.11, 3.12 or 3.13 with venv was found; name one: make PYTHON=/path/to/python))
@echo "Installing into $(1) (only once, takes minutes)"
@test -x $(1)/bin/python || $(BASE_PYTHON) -m venv $(1)
$(1)/bin/python -m pip install --quiet $(TORCH)
endef

$(READY): pyproject.toml constraints.txt
	$(call install,$(VENV))
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@

$(DOCS_READY): $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs]"
	@touch $@

$(WHEEL_READY): pyproject.toml constraints.txt
	$(call install,$(WHEEL_VENV))
	@touch $@
