BEGIN TRANSACTION;
CREATE TABLE "attempt" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "job" INTEGER NOT NULL, "no" INTEGER NOT NULL, "name" TEXT NOT NULL, "live" INTEGER, "state" INTEGER NOT NULL, "end_kind" INTEGER NOT NULL, "token" INTEGER NOT NULL, "lease_expires" INTEGER NOT NULL, "scheduler" TEXT NOT NULL, "sched_id" TEXT, "raw_state" TEXT, "reason" TEXT, "submit_t" INTEGER, "start_t" INTEGER, "end_t" INTEGER, "exit_code" INTEGER, "exit_signal" INTEGER, "host" TEXT, "n_ranks" INTEGER NOT NULL, "n_threads" INTEGER NOT NULL, "program" TEXT NOT NULL, "binary_hash" BLOB NOT NULL, "recipe_hash" BLOB NOT NULL, "log_path" TEXT, "n_pending" INTEGER NOT NULL, "db_lag" INTEGER NOT NULL, UNIQUE (job,no), UNIQUE (name), UNIQUE (job,live), FOREIGN KEY (job) REFERENCES "job"(id)) STRICT;
INSERT INTO "attempt" VALUES(1,1,1,'process-1-1',NULL,9,1,0,0,'local',NULL,NULL,NULL,NULL,1795669012700968029,1795669012973867820,0,NULL,'here',1,2,'xfelx 0.1.0 aec72530630e',X'0000000000000000000000000000000000000000000000000000000000000000',X'CB69F7733C680E9F72F2AD3000A3DC8E4E28BF21A6CCB9BA947B42CD435EF8AA',NULL,0,0);
CREATE TABLE "failure" ("job" INTEGER NOT NULL, "source" INTEGER NOT NULL, "frame" INTEGER NOT NULL, "body" TEXT NOT NULL, PRIMARY KEY (job,source,frame)) STRICT;
INSERT INTO "failure" VALUES(1,1,0,'bad.cbf is none of the image formats that are read: it starts with "................" (CBF (imgCIF, miniCBF), SMV, MarCCD, and HDF5 (NXmx and others) are; .gz and .bz2 of the single-image ones too)');
CREATE TABLE "frame" ("job" INTEGER NOT NULL, "source" INTEGER NOT NULL, "frame" INTEGER NOT NULL, "attempt" INTEGER NOT NULL, "writer" INTEGER NOT NULL, "outcome" INTEGER NOT NULL, "reason" INTEGER NOT NULL, "flags" INTEGER NOT NULL, "label" INTEGER NOT NULL, "n_lattice" INTEGER NOT NULL, "n_strong" INTEGER NOT NULL, "n_sat" INTEGER NOT NULL, "event" INTEGER, "t_event" INTEGER, "t_done" INTEGER NOT NULL, "ev_rec" REAL, "ev_used" REAL, "ev_src" INTEGER NOT NULL, "pulse_mj" REAL, "dist_mm" REAL, "res_a" REAL, "ring" REAL, "stages" BLOB NOT NULL, PRIMARY KEY (job,source,frame)) STRICT;
INSERT INTO "frame" VALUES(1,0,1,1,0,1,1,0,0,0,0,0,NULL,NULL,1795669012808759977,9.54436153733096762172e+03,9.54436153733096762172e+03,1,NULL,90.0,NULL,NULL,X'000D003700000000000000000000000000000000000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,2,1,0,5,0,0,0,1,160,0,NULL,NULL,1795669012851891954,9.52836243328004457026e+03,9.52836243328004457026e+03,1,NULL,90.0,2.13637807954330671833e+00,NULL,X'000F0054000100000000001D0013000601150000000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,0,1,0,5,0,0,0,1,253,0,NULL,NULL,1795669012855800832,9.53504040306029855816e+03,9.53504040306029855816e+03,1,NULL,90.0,2.04378772569902888989e+00,NULL,X'000E006C00010000000000220020000901560001000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,4,1,0,1,1,0,0,0,0,0,NULL,NULL,1795669012862870108,9.53842078043154833685e+03,9.53842078043154833685e+03,1,NULL,90.0,NULL,NULL,X'000E003700000000000000000000000000000001000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,5,1,0,1,1,0,0,0,0,0,NULL,NULL,1795669012869819435,9546.30877016429,9546.30877016429,1,NULL,90.0,NULL,NULL,X'000F003600000000000000000000000000000001000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,6,1,0,1,1,0,0,0,0,0,NULL,NULL,1795669012876643196,9.53698511697824505978e+03,9.53698511697824505978e+03,1,NULL,90.0,NULL,NULL,X'000D003600000000000000000000000000000001000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,3,1,0,5,0,0,0,1,262,0,NULL,NULL,1795669012900639167,9.54665180148731633367e+03,9.54665180148731633367e+03,1,NULL,90.0,1.98434361727041230771e+00,NULL,X'000F006A00010000000000230022000701200000000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,7,1,0,5,0,0,0,1,339,0,NULL,NULL,1795669012931909977,9.5432718746783630195e+03,9.5432718746783630195e+03,1,NULL,90.0,2.08786645426153860682e+00,NULL,X'000E007D0002000000000027002A000701420001000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,9,1,0,1,1,0,0,0,0,0,NULL,NULL,1795669012939038991,9532.00791237978,9532.00791237978,1,NULL,90.0,NULL,NULL,X'000E003700000000000000000000000000000001000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,8,1,0,5,0,0,0,1,222,0,NULL,NULL,1795669012945128712,9.55051923158362478689e+03,9.55051923158362478689e+03,1,NULL,90.0,2.05785721970711854567e+00,NULL,X'000F00620001000000000021001A000501090000000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,10,1,0,1,1,0,0,0,0,0,NULL,NULL,1795669012946158061,9.54680149132510814501e+03,9.54680149132510814501e+03,1,NULL,90.0,NULL,NULL,X'0010003700000000000000000000000000000001000000000000000000000000');
INSERT INTO "frame" VALUES(1,1,0,1,0,6,40,0,0,0,0,0,NULL,NULL,1795669012946187685,NULL,NULL,0,NULL,NULL,NULL,NULL,X'0000000000000000000000000000000000000001000000000000000000000000');
INSERT INTO "frame" VALUES(1,0,11,1,0,1,1,0,0,0,0,0,NULL,NULL,1795669012952210045,9.54476398336924103209e+03,9.54476398336924103209e+03,1,NULL,90.0,NULL,NULL,X'000E003700000000000000000000000000000000000000000000000000000000');
CREATE TABLE "job" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "trial" INTEGER NOT NULL, "rungroup" INTEGER NOT NULL, "run" INTEGER NOT NULL, "task_rev" INTEGER NOT NULL, "version" INTEGER NOT NULL, "state" INTEGER NOT NULL, "state_t" INTEGER NOT NULL, "n_expected" INTEGER NOT NULL, "n_tries" INTEGER NOT NULL, "retry_t" INTEGER, "cancelled" INTEGER NOT NULL, "published" INTEGER NOT NULL, "preview" INTEGER NOT NULL, "folder" TEXT NOT NULL, "created" INTEGER NOT NULL, UNIQUE (trial,rungroup,run,task_rev,version)) STRICT;
INSERT INTO "job" VALUES(1,1,0,1,0,0,1,1795669012973867820,13,1,NULL,0,1,0,'/data/out',1795669012700929742);
CREATE TABLE "lattice" ("job" INTEGER NOT NULL, "source" INTEGER NOT NULL, "frame" INTEGER NOT NULL, "lattice" INTEGER NOT NULL, "reason" INTEGER NOT NULL, "cell_no" INTEGER NOT NULL, "n_indexed" INTEGER NOT NULL, "n_integrated" INTEGER NOT NULL, "evidence" REAL NOT NULL, "rmsd_px" REAL, "rmsd_psi" REAL, "res_a" REAL, "eta_deg" REAL, "dom_a" REAL, "dx_px" REAL, "dy_px" REAL, "a" REAL NOT NULL, "b" REAL NOT NULL, "c" REAL NOT NULL, "al" REAL NOT NULL, "be" REAL NOT NULL, "ga" REAL NOT NULL, "mat" BLOB NOT NULL, "free_cell" BLOB NOT NULL, "free_cov" BLOB NOT NULL, "shells" BLOB NOT NULL, "ident" BLOB NOT NULL, PRIMARY KEY (job,source,frame,lattice)) STRICT;
INSERT INTO "lattice" VALUES(1,0,2,0,0,0,120,535,4.63490353292115401032e+02,2.16343839579823976615e-01,2.79064571245655947823e-03,2.13637807954330671833e+00,8.02140913183152699274e-05,7.53712254054361437734e+02,1.21197701801910914104e-03,4.64442456286970895007e-02,7.89793091158162781102e+01,7.89793091158162923175e+01,3.7959467758906995983e+01,90.0,9.00000000000000284234e+01,8.99999999999999857926e+01,X'3F83B4D77B8B9247BF3310E4DCD3CDE0BF9185D026757351BF7032A16915FDF23F86645314EE43BABF855CD39047C5B93F7D8FCD23A68D9C3F7A208B8EFECC433F918263B3496DCE',X'4053BEB98825609B4053BEB98825609C4042FB65CAF2C924405680000000000040568000000000004056800000000000',X'382F1C85382F1C85B73816F8261924192619241926192419382F1C85B73816F826192419261924192619241937D8681EA520FE2CA520FE2CA520FE2C1405ED591405ED591405ED591405ED591405ED591405ED59',X'009ED4AC77D87874CB6F740063C1A077D48874F9B2730053EF7076D3C074E879730054F62175F3B273C9A8730036D5C976C02B74EE54730016DF9775DC4F73C7EC730015D7CF74FE8072D91872000BDF8973EBBB72CA04720003C82876F6EC73F1ED730000000000000000000000',X'2720B57016B5807F825F3447E996771F');
INSERT INTO "lattice" VALUES(1,0,0,0,0,0,197,471,7.40240831922100255739e+02,2.17040873742264467383e-01,2.79791468762692271954e-03,2.04378772569902888989e+00,8.02140913183152699274e-05,7.3133543156393011485e+02,-2.05566236532508175849e-02,3.53234122120160212721e-02,7.90294896783949241125e+01,7.9029489678394952536e+01,3.79796916453261488308e+01,90.0,90.0,8.99999999999999715765e+01,X'3F8706DB2F108442BF77758F25203084BF6017EDA1459FD83F776DA26848A1593F85AB8583F197283F80BE47F3991A4FBF50339A02B46888BF700C355DBB60B23F998CD184CC3F4B',X'4053C1CB3AE571564053C1CB3AE571584042FD3D375AA9694056800000000000405680000000000040567FFFFFFFFFFE',X'377928E6377928E6B7AB506D00000000000000002559A26E377928E6B7AB506D00000000000000002559A26E38E631200000000000000000A595A36F0000000000000000000000000000000000000000133E1917',X'0080CDF079CF2075CB89750040FCA778C9CC75C2FD75003FC03778F50B74DED9740053CC4778EEE174E2CE740048F09877E47074DDDB74001DEE6676C6B374C1C1740013CA9E76F30773E80C730007EE9876CA8674C754740004D3ED75E21473DBE8730002F4DD75E5C873DAA773',X'515CF6FF75BE88DF87F7E3594F5D58CC');
INSERT INTO "lattice" VALUES(1,0,3,0,0,0,200,505,7.53204934019277629877e+02,2.16313714834846598789e-01,2.93917391680992897556e-03,1.98434361727041230771e+00,8.02140913183152699274e-05,7.29049176024036114538e+02,1.36787484563816313931e-02,-1.26277992427188748281e-02,7.90257215845783633767e+01,7.90257215845783633767e+01,3.80490637955590216279e+01,9.00000000000000284234e+01,90.0,9.00000000000000142073e+01,X'3F8971AC998D75943F51BBB26A1595CBBF724070E48DC7723F376F4D12208F833F852CCB5068A8393F8EFEA51AB539C53F63775E12DABC34BF7D8D3C6978B4173F958640A4C503B6',X'4053C1E3A7CFA8E54053C1E3A7CFA8E34043071AFE2ABB2C405680000000000140568000000000014056800000000000',X'37940F3A37940F3AB72802E625D741C300000000255741C337940F3AB72802E625D741C300000000255741C338006569A6A4807100000000A62480711552C2A80000000014D2C2A800000000000000001452C2A8',X'008EF2C678C6C075C02E750051E25278C45B75F208740061CC5078C01B75E1C974004CF04477EA9874D8D3740034CBD277D3F374CA6D74001AC35C77CDA474C83E740011C3F776F80373EB32730009E0A777E16174DB23740004CBB876C68374C11F740001FE1C73C2C273F8E572',X'25B77607F1308975AB9B76DC0C1D2FBE');
INSERT INTO "lattice" VALUES(1,0,7,0,0,0,241,489,9.35753635268117932386e+02,1.98975999865692171342e-01,2.81534660223456151967e-03,2.08786645426153860682e+00,8.02140913183152699274e-05,696.671444072752,3.95857605279888256216e-03,1.38190585230795626864e-02,7.89399824765227577918e+01,78.9399824765228,3.79818893736157932035e+01,90.0,8.99999999999999715765e+01,8.99999999999999857926e+01,X'3F8130C0E86CA882BF6A951293187B86BF92F987FF3664E23F8276481F8B9A0F3F7A60BB9E33A5553F8A25E500ECD9713F683D2DDCAD3902BF8554781634394D3F8BFDDCA2AD3757',X'4053BC3018CF8AE24053BC3018CF8AE44042FE40CE9BBF8940567FFFFFFFFFFF40567FFFFFFFFFFE40567FFFFFFFFFFE',X'376A46D0376A46D0B62CB98D00000000A45E1A3400000000376A46D0B62CB98D00000000A45E1A340000000036FE7A140000000025239CD4000000000000000000000000000000001352629E0000000000000000',X'0097C0677AE7D375E34975005BC9DE79D4E475CD4175004CCA7879D24375C71D750040C03679C70075FF69740033E00C78FF6C74F85974001CC30D78EA3574E50E740010FD9E77E89E74E45874000AC44E78E5C674E019740001CCAA78C68B75C58E750001DE2B74D51F73C6CD73',X'1824CA5023C68B9DBA9889EBE7C843CF');
INSERT INTO "lattice" VALUES(1,0,8,0,0,0,161,478,6.44459097058214524633e+02,1.99611648546151737582e-01,0.00259832151188362,2.05785721970711854567e+00,8.02140913183152699274e-05,7.74188098622796133001e+02,4.21454544543121353838e-02,2.00323426391891754039e-03,7.90773100206390751071e+01,7.90773100206390751071e+01,3.79605772455185856988e+01,9.00000000000000142073e+01,90.0,9.00000000000000284234e+01,X'3F776C15A51E6E353F837A18B02FCFB23F89DF15478A1E303F466CC43937CB433F7A995DED1FE6EABF9719D0CD3C68E2BF870E9C71758A623F7566F8E4DFD1EC3F74AA0CCB150480',X'4053C51E4B8678394053C51E4B8678394042FB46A2A07FF6405680000000000040568000000000004056800000000001',X'37A554A337A554A3B58A5BE30000000000000000A59038E837A554A3B58A5BE30000000000000000A59038E836DF79A400000000000000002371636A0000000000000000000000000000000000000000137B9E2D',X'0091EC9D78C48575FDBD74005EDF0878C31A75F17F74003FE71277F23974D525740046E7FB76CBFB74EB7D730030C0E977CDC774C2E9740018CCBF76F8BA73E8B9730013C59076FA0D73E62A73000BF75976C9EC74C4BE740004F5B376C63F74F151730000000000000000000000',X'C008B5F6E8598245BBDC4B465CBBEEB6');
CREATE TABLE "meta" ("k" TEXT NOT NULL, "v" TEXT NOT NULL, PRIMARY KEY (k)) STRICT;
INSERT INTO "meta" VALUES('schema','1');
INSERT INTO "meta" VALUES('min_reader','1');
INSERT INTO "meta" VALUES('min_writer','1');
CREATE TABLE "migration" ("step" INTEGER NOT NULL, "t" INTEGER NOT NULL, "done" INTEGER NOT NULL, "by" TEXT NOT NULL, "version" TEXT NOT NULL, PRIMARY KEY (step)) STRICT;
INSERT INTO "migration" VALUES(1,1795669012700191425,1,'','');
CREATE TABLE "run" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "ord" INTEGER NOT NULL, "num" INTEGER, "name" TEXT NOT NULL, "path" BLOB NOT NULL, "path_hash" BLOB NOT NULL, "facility" TEXT NOT NULL, "state" INTEGER NOT NULL, "state_t" INTEGER NOT NULL, "seen" INTEGER NOT NULL, "begin_t" INTEGER, "end_t" INTEGER, "closed_t" INTEGER, "present_t" INTEGER, "n_files" INTEGER NOT NULL, "n_here" INTEGER NOT NULL, "bytes" INTEGER NOT NULL, "bytes_here" INTEGER NOT NULL, "n_frames" INTEGER, "readable" INTEGER NOT NULL, "ignored" INTEGER NOT NULL, "body" TEXT, UNIQUE (path_hash)) STRICT;
INSERT INTO "run" VALUES(1,1,NULL,'v1',X'2F746D702F76312F6F7574',X'8D7148966B6113018A1DA20CEFFCC880','standalone',3,1795669012700786289,1795669012700786289,NULL,NULL,NULL,NULL,2,2,1990540,1990540,13,1,0,NULL);
CREATE TABLE "source" ("run" INTEGER NOT NULL, "no" INTEGER NOT NULL, "path" BLOB NOT NULL, "path_hash" BLOB NOT NULL, "size" INTEGER NOT NULL, "mtime" INTEGER NOT NULL, "n_frames" INTEGER, "format" TEXT, "here" INTEGER NOT NULL, PRIMARY KEY (run,no), UNIQUE (run,path_hash), FOREIGN KEY (run) REFERENCES "run"(id)) STRICT;
INSERT INTO "source" VALUES(1,0,X'2F746D702F76312F72756E312E6835',X'3942DD1D418665961499DD82C6807E65',1990440,1795669012654756687,12,'NXmx',1);
INSERT INTO "source" VALUES(1,1,X'2F746D702F76312F6261642E636266',X'DD000547B80593233FC24D54AF0AD426',100,1795669012662927902,1,NULL,1);
CREATE TABLE "trial" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "num" INTEGER NOT NULL, "recipe_hash" BLOB NOT NULL, "phil" TEXT NOT NULL, "body" TEXT NOT NULL, "active" INTEGER NOT NULL, "percent" REAL, "d_min" REAL, "used" INTEGER NOT NULL, "created" INTEGER NOT NULL, "who" TEXT NOT NULL, UNIQUE (num)) STRICT;
INSERT INTO "trial" VALUES(1,1,X'CB69F7733C680E9F72F2AD3000A3DC8E4E28BF21A6CCB9BA947B42CD435EF8AA','input {
  file_list = None
  glob = None
  image_tag = None
  show_image_tags = False
  max_images = None
  ignore_gain_mismatch = False
  reference_geometry = None
  sync_reference_geom = True
  run_num = None
  trial = None
  rungroup = None
}
dispatch {
  pre_import = False
  process_percent = None
  refine = False
  squash_errors = True
  find_spots = True
  index = True
  integrate = True
  coset = False
  hit_finder {
    enable = True
    minimum_number_of_reflections = 16
    maximum_number_of_reflections = None
  }
}
output {
  output_dir = ''out''
  composite_output = True
  logging_dir = None
  experiments_filename = None
  strong_filename = None
  indexed_filename = ''%s_indexed.refl''
  refined_experiments_filename = ''%s_refined.expt''
  integrated_filename = ''%s_integrated.refl''
  integrated_experiments_filename = ''%s_integrated.expt''
  coset_filename = ''%s_coset%d.refl''
  coset_experiments_filename = ''%s_coset%d.expt''
  profile_filename = None
  integration_pickle = None
  shoeboxes = False
  logging_option = normal *suppressed disabled
  psana_identifiers = False
}
geometry {
  beam {
    wavelength = None
    direction = None
    polarization_normal = None
    polarization_fraction = None
    transmission = None
    flux = None
  }
  detector {
    panel {
      id = 0
      name = None
      type = None
      gain = None
      pedestal = None
      pixel_size = None
      image_size = None
      trusted_range = None
      thickness = None
      material = None
      fast_axis = None
      slow_axis = None
      origin = None
      parallax_correction = None
    }
    hierarchy {
      name = None
      fast_axis = None
      slow_axis = None
      origin = None
      group {
        id = None
        name = None
        fast_axis = None
        slow_axis = None
        origin = None
        panel = None
      }
    }
    mosflm_beam_centre = None
    distance = None
    fast_slow_beam_centre = None
    slow_fast_beam_centre = None
  }
  goniometer {
    axis = None
    axes = None
    angles = None
    names = None
    scan_axis = None
    fixed_rotation = None
    setting_rotation = None
    invert_rotation_axis = False
  }
  scan {
    image_range = None
    extrapolate_scan = False
    oscillation = None
    batch_offset = None
  }
  convert_stills_to_sequences = False
  convert_sequences_to_stills = False
}
spotfinder {
  lookup {
    mask = None
  }
  write_hot_mask = False
  hot_mask_prefix = ''hot_mask''
  force_2d = False
  scan_range = None
  region_of_interest = None
  compute_mean_background = False
  filter {
    min_spot_size = Auto
    max_spot_size = 1000
    max_separation = 2
    max_strong_pixel_fraction = 0.25
    background_gradient {
      filter = False
      background_size = 2
      gradient_cutoff = 4
    }
    spot_density {
      filter = False
    }
    border = 0
    d_min = None
    d_max = None
    disable_parallax_correction = False
    resolution_range = None
    untrusted {
      panel = None
      circle = None
      rectangle = None
      polygon = None
      pixel = None
    }
    ice_rings {
      filter = False
      unit_cell = 4.498 4.498 7.338 90 90 120
      space_group = ''P 63/m m c''
      width = 0.002
      d_min = None
    }
  }
  mp {
    method = *none drmaa sge lsf pbs
    njobs = 1
    nproc = 1
    chunksize = Auto
    min_chunksize = 20
  }
  threshold {
    algorithm = dispersion *dispersion_extended radial_profile
    dispersion {
      gain = None
      kernel_size = 3 3
      sigma_background = 6
      sigma_strong = 3
      min_local = 2
      global_threshold = 0
    }
    radial_profile {
      n_iqr = 6
      blur = narrow wide
      n_bins = 100
    }
  }
}
indexing {
  nproc = 1
  mm_search_scope = 4
  wide_search_binning = 2
  min_cell_volume = 25
  min_cell = 3
  max_cell = Auto
  max_cell_estimation {
    filter_ice = True
    filter_overlaps = True
    overlaps_border = 0
    multiplier = 1.3
    step_size = 45
    nearest_neighbor_percentile = None
    histogram_binning = linear *log
    nn_per_bin = 5
    max_height_fraction = 0.25
  }
  sigma_phi_deg = None
  known_symmetry {
    space_group = ''P 43 21 2''
    unit_cell = 79 79 38 90 90 90
    relative_length_tolerance = 0.1
    absolute_angle_tolerance = 5
    max_delta = 5
  }
  index_assignment {
    method = *simple local
    simple {
      hkl_tolerance = 0.3
    }
    local {
      epsilon = 0.05
      delta = 8
      l_min = 0.8
      nearest_neighbours = 20
    }
  }
  check_misindexing {
    grid_search_scope = 0
  }
  debug = False
  combine_scans = False
  refinement_protocol {
    mode = *refine_shells repredict_only None
    n_macro_cycles = 5
    d_min_step = Auto
    d_min_start = None
    d_min_final = None
    disable_unit_cell_volume_sanity_check = False
  }
  multiple_lattice_search {
    recycle_unindexed_reflections_cutoff = 0.1
    minimum_angular_separation = 5
    max_lattices = 1
    cluster_analysis {
      method = *dbscan hcluster
      hcluster {
        linkage {
          method = *ward
          metric = *euclidean
        }
        cutoff = 15
        cutoff_criterion = *distance inconsistent
      }
      dbscan {
        eps = 0.05
        min_samples = 30
      }
      min_cluster_size = 20
      intersection_union_ratio_cutoff = 0.4
    }
  }
  stills {
    indexer = *Auto stills sequences
    ewald_proximity_resolution_cutoff = 2
    refine_all_candidates = True
    candidate_outlier_rejection = True
    refine_candidates_with_known_symmetry = False
    rmsd_min_px = 2
    ewald_proximal_volume_max = 0.0025
    isoforms {
      name = None
      cell = None
      lookup_symbol = None
      rmsd_target_mm = None
      beam_restraint = None
    }
    set_domain_size_ang_value = None
    set_mosaic_half_deg_value = None
    method_list = None
    known_orientations = None
    require_known_orientation = False
    reflection_subsampling {
      enable = False
      step_start = 100
      step_stop = 50
      step_size = 2
      n_attempts_per_step = 1
      seed = 42
    }
  }
  basis_vector_combinations {
    max_combinations = None
    max_refine = Auto
    sys_absent_threshold = 0.9
    solution_scorer = filter *weighted
    filter {
      check_doubled_cell = True
      likelihood_cutoff = 0.8
      volume_cutoff = 1.25
      n_indexed_cutoff = 0.9
    }
    weighted {
      power = 1
      volume_weight = 1
      n_indexed_weight = 1
      rmsd_weight = 1
    }
  }
  method = *fft1d fft3d real_space_grid_search low_res_spot_match
  optimise_initial_basis_vectors = False
  fft1d {
    characteristic_grid = None
  }
  fft3d {
    b_iso = Auto
    rmsd_cutoff = 15
    peak_search = *flood_fill clean
    peak_volume_cutoff = 0.15
    reciprocal_space_grid {
      n_points = 256
      d_min = Auto
    }
  }
  real_space_grid_search {
    characteristic_grid = 0.02
    max_vectors = 30
  }
  low_res_spot_match {
    candidate_spots {
      limit_resolution_by = *n_spots d_min
      d_min = 15
      n_spots = 10
      d_star_tolerance = 4
    }
    use_P1_indices_as_seeds = False
    search_depth = *triplets quads
    bootstrap_crystal = False
    max_pairs = 200
    max_triplets = 600
    max_quads = 600
  }
}
refinement {
  mp {
    nproc = 1
  }
  parameterisation {
    auto_reduction {
      min_nref_per_parameter = 1
      action = fail *fix remove
    }
    scan_varying = False
    compose_model_per = image *block
    block_width = 1
    set_scan_varying_errors = False
    trim_scan_to_observations = True
    debug_centroid_analysis = False
    beam {
      fix = *all in_spindle_plane out_spindle_plane wavelength
      fix_list = None
      constraints {
        id = None
        parameter = None
      }
      force_static = True
      smoother {
        interval_width_degrees = 36
        absolute_num_intervals = None
      }
    }
    crystal {
      fix = all cell orientation
      unit_cell {
        fix_list = None
        restraints {
          tie_to_target {
            values = None
            sigmas = None
            id = None
          }
          tie_to_group {
            target = *mean low_memory_mean median
            sigmas = None
            id = None
          }
        }
        constraints {
          id = None
          parameter = None
        }
        force_static = False
        smoother {
          interval_width_degrees = 36
          absolute_num_intervals = None
        }
      }
      orientation {
        fix_list = None
        constraints {
          id = None
          parameter = None
        }
        force_static = False
        smoother {
          interval_width_degrees = 36
          absolute_num_intervals = None
        }
      }
    }
    detector {
      panels = *automatic single multiple hierarchical
      hierarchy_level = 0
      fix = *all position orientation distance
      fix_list = None
      constraints {
        id = None
        parameter = None
      }
      force_static = True
      smoother {
        interval_width_degrees = 36
        absolute_num_intervals = None
      }
    }
    goniometer {
      fix = *all in_beam_plane out_beam_plane
      fix_list = None
      constraints {
        id = None
        parameter = None
      }
      force_static = True
      smoother {
        interval_width_degrees = 36
        absolute_num_intervals = None
      }
    }
    sparse = Auto
    treat_single_image_as_still = False
    spherical_relp_model = False
  }
  refinery {
    engine = SimpleLBFGS LBFGScurvs GaussNewton *LevMar SparseLevMar
    max_iterations = None
    log = None
    journal {
      track_step = False
      track_gradient = False
      track_parameter_correlation = False
      track_jacobian_structure = False
      track_condition_number = False
      track_normal_matrix = False
      track_out_of_sample_rmsd = False
    }
  }
  target {
    rmsd_cutoff = *fraction_of_bin_size absolute
    bin_size_fraction = 0
    absolute_cutoffs = None
    gradient_calculation_blocksize = None
  }
  reflections {
    reflections_per_degree = Auto
    minimum_sample_size = 1000
    maximum_sample_size = None
    random_seed = 42
    close_to_spindle_cutoff = 0.02
    scan_margin = 0
    weighting_strategy {
      override = statistical *stills constant external_deltapsi
      delpsi_constant = 1000000
      constants = 1 1 1
    }
    outlier {
      algorithm = *null auto mcd tukey sauter_poon
      nproc = 1
      minimum_number_of_reflections = 20
      separate_experiments = True
      separate_panels = False
      separate_blocks = True
      block_width = Auto
      separate_images = False
      tukey {
        iqr_multiplier = 1.5
      }
      mcd {
        alpha = 0.5
        max_n_groups = 5
        min_group_size = 300
        n_trials = 500
        k1 = 2
        k2 = 2
        k3 = 100
        threshold_probability = 0.975
      }
      sauter_poon {
        px_sz = Auto
        verbose = False
        pdf = None
      }
    }
  }
}
integration {
  lookup {
    mask = None
  }
  block {
    size = Auto
    units = *degrees radians frames
    threshold = 0.95
    force = False
    max_memory_usage = 0.9
  }
  use_dynamic_mask = True
  debug {
    reference {
      filename = ''reference_profiles.refl''
      output = False
    }
    during = modelling *integration
    output = False
    separate_files = True
    delete_shoeboxes = False
    select = None
    split_experiments = True
  }
  integrator = auto 3d flat3d 2d single2d *stills 3d_threaded
  profile {
    fitting = False
    valid_foreground_threshold = 0.75
    sigma_b_multiplier = 2
    validation {
      number_of_partitions = 1
      min_partition_size = 100
    }
  }
  filter {
    min_zeta = 0.05
    ice_rings = False
  }
  overlaps_filter {
    foreground_foreground {
      enable = False
    }
    foreground_background {
      enable = False
    }
  }
  mp {
    method = *multiprocessing drmaa sge lsf pbs
    njobs = 1
    nproc = 1
    multiprocessing {
      n_subset_split = None
    }
  }
  summation {
    detector_gain = 1
  }
  background {
    algorithm = Auto glm gmodel null *simple
    glm {
      robust {
        tuning_constant = 1.345
      }
      model {
        algorithm = constant2d *constant3d loglinear2d loglinear3d
      }
      min_pixels = 10
    }
    gmodel {
      robust {
        algorithm = False
        tuning_constant = 1.345
      }
      min_pixels = 10
      model = None
    }
    simple {
      outlier {
        algorithm = null nsigma truncated normal *plane tukey
        nsigma {
          lower = 3
          upper = 3
        }
        truncated {
          lower = 0.01
          upper = 0.01
        }
        normal {
          min_pixels = 10
        }
        plane {
          fraction = 1
          n_sigma = 4
        }
        tukey {
          lower = 1.5
          upper = 1.5
        }
      }
      model {
        algorithm = constant2d constant3d *linear2d linear3d
      }
      min_pixels = 10
    }
  }
  centroid {
    algorithm = *simple
  }
  absorption_correction {
    apply = False
    algorithm = fuller_kapton kapton_2019 other
    fuller_kapton {
      xtal_height_above_kapton_mm {
        value = 0.02
        sigma = 0.01
      }
      rotation_angle_deg {
        value = 1.15
        sigma = 0.1
      }
      kapton_half_width_mm {
        value = 1.5875
        sigma = 0.5
      }
      kapton_thickness_mm {
        value = 0.05
        sigma = 0.005
      }
      smart_sigmas = False
      within_spot_sigmas = True
    }
  }
  coset {
    transformation = 6
  }
  integration_only_overrides {
    trusted_range = None
  }
}
profile {
  algorithm = ellipsoid *gaussian_rs
  ellipsoid {
    rlp_mosaicity {
      model = simple1 simple6 angular2 *angular4
    }
    wavelength_spread {
      model = *delta
    }
    unit_cell {
      fixed = False
    }
    orientation {
      fixed = False
    }
    indexing {
      fail_on_bad_index = False
    }
    refinement {
      max_separation = 2
      outlier_probability = 0.975
      n_macro_cycles = 1
      n_cycles = 3
      min_n_reflections = 10
    }
    prediction {
      d_min = None
      probability = 0.9973
    }
  }
  gaussian_rs {
    scan_varying = False
    min_spots {
      overall = 0
      per_degree = 20
    }
    sigma_m_algorithm = basic *extended
    centroid_definition = com *s1
    parameters {
      n_sigma = 3
      sigma_b = None
      sigma_m = None
      sigma_b_cutoff = 0.1
    }
    filter {
      min_zeta = 0.05
    }
    fitting {
      scan_step = 5
      grid_size = 5
      threshold = 0.02
      grid_method = single *regular_grid circular_grid spherical_grid
      fit_method = *reciprocal_space detector_space
      detector_space {
        deconvolution = False
      }
    }
  }
}
prediction {
  d_min = None
  d_max = None
  margin = 1
  force_static = False
  padding = 1
}
significance_filter {
  enable = False
  d_min = None
  n_bins = 20
  isigi_cutoff = 1
}
radial_average {
  enable = False
  two_theta_low = None
  two_theta_high = None
}
xfelx {
  compat {
    dials = 3.12 current
  }
  parity = False
  isa = ref avx2 avx512
  threads = None
  frame_timeout = 60
  reference = None
  geometry {
    file = None
    refine = *auto off report
    min_hits = 5
    max_hits = 400
    max_shift_px = 15
    panels = *auto off
  }
  index {
    min_evidence = 3
    deep = Auto
    below_cut = True
    min_spots = 6
    max_offset_px = 3
    resolve = *off reference
  }
  cell {
    restraint = *auto off
    sigma = 0.002
    min_shots = 20
    geometry_strain = 0.0006
    match = 0.04
  }
  integration {
    method = *sum rings profile
    rings = 4 5 7
    background = *ml dials
    partials = True
  }
  spotfinder {
    algorithm = peakfinder8 file
  }
  output {
    stream = False
    cell_covariance = False
    debug_logs = False
    journal_dir = None
    full_wait = 600
  }
  error {
    gain = Auto
    read_noise = Auto
  }
  sample {
    name = None
  }
  labels {
    file = None
  }
}
','',1,NULL,NULL,1,1795669012700861671,'');
CREATE INDEX "run_ord" ON "run" (ord);
CREATE INDEX "run_state" ON "run" (state,ord);
CREATE INDEX "trial_recipe_hash" ON "trial" (recipe_hash);
CREATE INDEX "job_run" ON "job" (run);
CREATE INDEX "job_state" ON "job" (state,id);
CREATE INDEX "attempt_state" ON "attempt" (state,id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',1);
INSERT INTO "sqlite_sequence" VALUES('trial',1);
INSERT INTO "sqlite_sequence" VALUES('job',1);
INSERT INTO "sqlite_sequence" VALUES('attempt',1);
COMMIT;
