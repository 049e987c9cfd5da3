NAME facility
ROWS
 N obj
 E r0
 E r1
 E r2
 E r3
 E r4
 E r5
 E r6
 E r7
 E r8
 E r9
 E r10
 E r11
 E r12
 E r13
 E r14
 E r15
 E r16
 E r17
 E r18
 E r19
 E r20
 E r21
 E r22
 E r23
 E r24
 L r25
 L r26
 L r27
 L r28
 L r29
 L r30
 L r31
 L r32
 L r33
 L r34
 L r35
 L r36
 L r37
 L r38
 L r39
 L r40
 L r41
 L r42
 L r43
 L r44
 L r45
 L r46
 L r47
 L r48
 L r49
 L r50
 L r51
 L r52
 L r53
 L r54
 L r55
 L r56
 L r57
 L r58
 L r59
 L r60
 L r61
 L r62
 L r63
 L r64
 L r65
 L r66
 L r67
 L r68
 L r69
 L r70
 L r71
 L r72
 L r73
 L r74
 L r75
 L r76
 L r77
 L r78
 L r79
 L r80
 L r81
 L r82
 L r83
 L r84
 L r85
 L r86
 L r87
 L r88
 L r89
 L r90
 L r91
 L r92
 L r93
 L r94
 L r95
 L r96
 L r97
 L r98
 L r99
 L r100
 L r101
 L r102
 L r103
 L r104
 L r105
 L r106
 L r107
 L r108
 L r109
 L r110
 L r111
 L r112
 L r113
 L r114
 L r115
 L r116
 L r117
 L r118
 L r119
 L r120
 L r121
 L r122
 L r123
 L r124
 L r125
 L r126
 L r127
 L r128
 L r129
 L r130
 L r131
 L r132
 L r133
 L r134
 L r135
 L r136
 L r137
 L r138
 L r139
 L r140
 L r141
 L r142
 L r143
 L r144
 L r145
 L r146
 L r147
 L r148
 L r149
 L r150
 L r151
 L r152
 L r153
 L r154
 L r155
 L r156
 L r157
 L r158
 L r159
 L r160
 L r161
 L r162
 L r163
 L r164
 L r165
 L r166
 L r167
 L r168
 L r169
 L r170
 L r171
 L r172
 L r173
 L r174
 L r175
 L r176
 L r177
 L r178
 L r179
 L r180
 L r181
 L r182
 L r183
 L r184
 L r185
 L r186
 L r187
 L r188
 L r189
 L r190
 L r191
 L r192
 L r193
 L r194
 L r195
 L r196
 L r197
 L r198
 L r199
 L r200
 L r201
 L r202
 L r203
 L r204
 L r205
 L r206
 L r207
 L r208
 L r209
 L r210
 L r211
 L r212
 L r213
 L r214
 L r215
 L r216
 L r217
 L r218
 L r219
 L r220
 L r221
 L r222
 L r223
 L r224
 L r225
 L r226
 L r227
 L r228
 L r229
 L r230
 L r231
 L r232
 L r233
 L r234
 L r235
 L r236
 L r237
 L r238
 L r239
 L r240
 L r241
 L r242
 L r243
 L r244
 L r245
 L r246
 L r247
 L r248
 L r249
 L r250
 L r251
 L r252
 L r253
 L r254
 L r255
 L r256
 L r257
 L r258
 L r259
 L r260
 L r261
 L r262
 L r263
 L r264
 L r265
 L r266
 L r267
 L r268
 L r269
 L r270
 L r271
 L r272
 L r273
 L r274
 L r275
 L r276
 L r277
 L r278
 L r279
 L r280
 L r281
 L r282
 L r283
 L r284
COLUMNS
 MARKER0 'MARKER' 'INTORG'
 open_0 obj 116
 open_0 r25 -340
 open_0 r35 -1
 open_0 r36 -1
 open_0 r37 -1
 open_0 r38 -1
 open_0 r39 -1
 open_0 r40 -1
 open_0 r41 -1
 open_0 r42 -1
 open_0 r43 -1
 open_0 r44 -1
 open_0 r45 -1
 open_0 r46 -1
 open_0 r47 -1
 open_0 r48 -1
 open_0 r49 -1
 open_0 r50 -1
 open_0 r51 -1
 open_0 r52 -1
 open_0 r53 -1
 open_0 r54 -1
 open_0 r55 -1
 open_0 r56 -1
 open_0 r57 -1
 open_0 r58 -1
 open_0 r59 -1
 open_1 obj 114
 open_1 r26 -358
 open_1 r60 -1
 open_1 r61 -1
 open_1 r62 -1
 open_1 r63 -1
 open_1 r64 -1
 open_1 r65 -1
 open_1 r66 -1
 open_1 r67 -1
 open_1 r68 -1
 open_1 r69 -1
 open_1 r70 -1
 open_1 r71 -1
 open_1 r72 -1
 open_1 r73 -1
 open_1 r74 -1
 open_1 r75 -1
 open_1 r76 -1
 open_1 r77 -1
 open_1 r78 -1
 open_1 r79 -1
 open_1 r80 -1
 open_1 r81 -1
 open_1 r82 -1
 open_1 r83 -1
 open_1 r84 -1
 open_2 obj 137
 open_2 r27 -255
 open_2 r85 -1
 open_2 r86 -1
 open_2 r87 -1
 open_2 r88 -1
 open_2 r89 -1
 open_2 r90 -1
 open_2 r91 -1
 open_2 r92 -1
 open_2 r93 -1
 open_2 r94 -1
 open_2 r95 -1
 open_2 r96 -1
 open_2 r97 -1
 open_2 r98 -1
 open_2 r99 -1
 open_2 r100 -1
 open_2 r101 -1
 open_2 r102 -1
 open_2 r103 -1
 open_2 r104 -1
 open_2 r105 -1
 open_2 r106 -1
 open_2 r107 -1
 open_2 r108 -1
 open_2 r109 -1
 open_3 obj 176
 open_3 r28 -355
 open_3 r110 -1
 open_3 r111 -1
 open_3 r112 -1
 open_3 r113 -1
 open_3 r114 -1
 open_3 r115 -1
 open_3 r116 -1
 open_3 r117 -1
 open_3 r118 -1
 open_3 r119 -1
 open_3 r120 -1
 open_3 r121 -1
 open_3 r122 -1
 open_3 r123 -1
 open_3 r124 -1
 open_3 r125 -1
 open_3 r126 -1
 open_3 r127 -1
 open_3 r128 -1
 open_3 r129 -1
 open_3 r130 -1
 open_3 r131 -1
 open_3 r132 -1
 open_3 r133 -1
 open_3 r134 -1
 open_4 obj 131
 open_4 r29 -349
 open_4 r135 -1
 open_4 r136 -1
 open_4 r137 -1
 open_4 r138 -1
 open_4 r139 -1
 open_4 r140 -1
 open_4 r141 -1
 open_4 r142 -1
 open_4 r143 -1
 open_4 r144 -1
 open_4 r145 -1
 open_4 r146 -1
 open_4 r147 -1
 open_4 r148 -1
 open_4 r149 -1
 open_4 r150 -1
 open_4 r151 -1
 open_4 r152 -1
 open_4 r153 -1
 open_4 r154 -1
 open_4 r155 -1
 open_4 r156 -1
 open_4 r157 -1
 open_4 r158 -1
 open_4 r159 -1
 open_5 obj 103
 open_5 r30 -271
 open_5 r160 -1
 open_5 r161 -1
 open_5 r162 -1
 open_5 r163 -1
 open_5 r164 -1
 open_5 r165 -1
 open_5 r166 -1
 open_5 r167 -1
 open_5 r168 -1
 open_5 r169 -1
 open_5 r170 -1
 open_5 r171 -1
 open_5 r172 -1
 open_5 r173 -1
 open_5 r174 -1
 open_5 r175 -1
 open_5 r176 -1
 open_5 r177 -1
 open_5 r178 -1
 open_5 r179 -1
 open_5 r180 -1
 open_5 r181 -1
 open_5 r182 -1
 open_5 r183 -1
 open_5 r184 -1
 open_6 obj 169
 open_6 r31 -233
 open_6 r185 -1
 open_6 r186 -1
 open_6 r187 -1
 open_6 r188 -1
 open_6 r189 -1
 open_6 r190 -1
 open_6 r191 -1
 open_6 r192 -1
 open_6 r193 -1
 open_6 r194 -1
 open_6 r195 -1
 open_6 r196 -1
 open_6 r197 -1
 open_6 r198 -1
 open_6 r199 -1
 open_6 r200 -1
 open_6 r201 -1
 open_6 r202 -1
 open_6 r203 -1
 open_6 r204 -1
 open_6 r205 -1
 open_6 r206 -1
 open_6 r207 -1
 open_6 r208 -1
 open_6 r209 -1
 open_7 obj 175
 open_7 r32 -340
 open_7 r210 -1
 open_7 r211 -1
 open_7 r212 -1
 open_7 r213 -1
 open_7 r214 -1
 open_7 r215 -1
 open_7 r216 -1
 open_7 r217 -1
 open_7 r218 -1
 open_7 r219 -1
 open_7 r220 -1
 open_7 r221 -1
 open_7 r222 -1
 open_7 r223 -1
 open_7 r224 -1
 open_7 r225 -1
 open_7 r226 -1
 open_7 r227 -1
 open_7 r228 -1
 open_7 r229 -1
 open_7 r230 -1
 open_7 r231 -1
 open_7 r232 -1
 open_7 r233 -1
 open_7 r234 -1
 open_8 obj 118
 open_8 r33 -348
 open_8 r235 -1
 open_8 r236 -1
 open_8 r237 -1
 open_8 r238 -1
 open_8 r239 -1
 open_8 r240 -1
 open_8 r241 -1
 open_8 r242 -1
 open_8 r243 -1
 open_8 r244 -1
 open_8 r245 -1
 open_8 r246 -1
 open_8 r247 -1
 open_8 r248 -1
 open_8 r249 -1
 open_8 r250 -1
 open_8 r251 -1
 open_8 r252 -1
 open_8 r253 -1
 open_8 r254 -1
 open_8 r255 -1
 open_8 r256 -1
 open_8 r257 -1
 open_8 r258 -1
 open_8 r259 -1
 open_9 obj 156
 open_9 r34 -293
 open_9 r260 -1
 open_9 r261 -1
 open_9 r262 -1
 open_9 r263 -1
 open_9 r264 -1
 open_9 r265 -1
 open_9 r266 -1
 open_9 r267 -1
 open_9 r268 -1
 open_9 r269 -1
 open_9 r270 -1
 open_9 r271 -1
 open_9 r272 -1
 open_9 r273 -1
 open_9 r274 -1
 open_9 r275 -1
 open_9 r276 -1
 open_9 r277 -1
 open_9 r278 -1
 open_9 r279 -1
 open_9 r280 -1
 open_9 r281 -1
 open_9 r282 -1
 open_9 r283 -1
 open_9 r284 -1
 MARKER10 'MARKER' 'INTEND'
 share_0_0 obj 228
 share_0_0 r0 1
 share_0_0 r25 32
 share_0_0 r35 1
 share_0_1 obj 4
 share_0_1 r1 1
 share_0_1 r25 9
 share_0_1 r36 1
 share_0_2 obj 30
 share_0_2 r2 1
 share_0_2 r25 6
 share_0_2 r37 1
 share_0_3 obj 128
 share_0_3 r3 1
 share_0_3 r25 19
 share_0_3 r38 1
 share_0_4 obj 53
 share_0_4 r4 1
 share_0_4 r25 15
 share_0_4 r39 1
 share_0_5 obj 267
 share_0_5 r5 1
 share_0_5 r25 32
 share_0_5 r40 1
 share_0_6 obj 60
 share_0_6 r6 1
 share_0_6 r25 29
 share_0_6 r41 1
 share_0_7 obj 19
 share_0_7 r7 1
 share_0_7 r25 18
 share_0_7 r42 1
 share_0_8 obj 139
 share_0_8 r8 1
 share_0_8 r25 22
 share_0_8 r43 1
 share_0_9 obj 205
 share_0_9 r9 1
 share_0_9 r25 23
 share_0_9 r44 1
 share_0_10 obj 52
 share_0_10 r10 1
 share_0_10 r25 32
 share_0_10 r45 1
 share_0_11 obj 35
 share_0_11 r11 1
 share_0_11 r25 5
 share_0_11 r46 1
 share_0_12 obj 110
 share_0_12 r12 1
 share_0_12 r25 20
 share_0_12 r47 1
 share_0_13 obj 49
 share_0_13 r13 1
 share_0_13 r25 25
 share_0_13 r48 1
 share_0_14 obj 73
 share_0_14 r14 1
 share_0_14 r25 19
 share_0_14 r49 1
 share_0_15 obj 78
 share_0_15 r15 1
 share_0_15 r25 33
 share_0_15 r50 1
 share_0_16 obj 120
 share_0_16 r16 1
 share_0_16 r25 34
 share_0_16 r51 1
 share_0_17 obj 278
 share_0_17 r17 1
 share_0_17 r25 30
 share_0_17 r52 1
 share_0_18 obj 67
 share_0_18 r18 1
 share_0_18 r25 19
 share_0_18 r53 1
 share_0_19 obj 193
 share_0_19 r19 1
 share_0_19 r25 32
 share_0_19 r54 1
 share_0_20 obj 68
 share_0_20 r20 1
 share_0_20 r25 7
 share_0_20 r55 1
 share_0_21 obj 67
 share_0_21 r21 1
 share_0_21 r25 25
 share_0_21 r56 1
 share_0_22 obj 97
 share_0_22 r22 1
 share_0_22 r25 13
 share_0_22 r57 1
 share_0_23 obj 52
 share_0_23 r23 1
 share_0_23 r25 12
 share_0_23 r58 1
 share_0_24 obj 76
 share_0_24 r24 1
 share_0_24 r25 26
 share_0_24 r59 1
 share_1_0 obj 289
 share_1_0 r0 1
 share_1_0 r26 32
 share_1_0 r60 1
 share_1_1 obj 31
 share_1_1 r1 1
 share_1_1 r26 9
 share_1_1 r61 1
 share_1_2 obj 51
 share_1_2 r2 1
 share_1_2 r26 6
 share_1_2 r62 1
 share_1_3 obj 148
 share_1_3 r3 1
 share_1_3 r26 19
 share_1_3 r63 1
 share_1_4 obj 4
 share_1_4 r4 1
 share_1_4 r26 15
 share_1_4 r64 1
 share_1_5 obj 292
 share_1_5 r5 1
 share_1_5 r26 32
 share_1_5 r65 1
 share_1_6 obj 148
 share_1_6 r6 1
 share_1_6 r26 29
 share_1_6 r66 1
 share_1_7 obj 85
 share_1_7 r7 1
 share_1_7 r26 18
 share_1_7 r67 1
 share_1_8 obj 95
 share_1_8 r8 1
 share_1_8 r26 22
 share_1_8 r68 1
 share_1_9 obj 216
 share_1_9 r9 1
 share_1_9 r26 23
 share_1_9 r69 1
 share_1_10 obj 162
 share_1_10 r10 1
 share_1_10 r26 32
 share_1_10 r70 1
 share_1_11 obj 41
 share_1_11 r11 1
 share_1_11 r26 5
 share_1_11 r71 1
 share_1_12 obj 165
 share_1_12 r12 1
 share_1_12 r26 20
 share_1_12 r72 1
 share_1_13 obj 104
 share_1_13 r13 1
 share_1_13 r26 25
 share_1_13 r73 1
 share_1_14 obj 25
 share_1_14 r14 1
 share_1_14 r26 19
 share_1_14 r74 1
 share_1_15 obj 186
 share_1_15 r15 1
 share_1_15 r26 33
 share_1_15 r75 1
 share_1_16 obj 52
 share_1_16 r16 1
 share_1_16 r26 34
 share_1_16 r76 1
 share_1_17 obj 261
 share_1_17 r17 1
 share_1_17 r26 30
 share_1_17 r77 1
 share_1_18 obj 136
 share_1_18 r18 1
 share_1_18 r26 19
 share_1_18 r78 1
 share_1_19 obj 280
 share_1_19 r19 1
 share_1_19 r26 32
 share_1_19 r79 1
 share_1_20 obj 67
 share_1_20 r20 1
 share_1_20 r26 7
 share_1_20 r80 1
 share_1_21 obj 138
 share_1_21 r21 1
 share_1_21 r26 25
 share_1_21 r81 1
 share_1_22 obj 125
 share_1_22 r22 1
 share_1_22 r26 13
 share_1_22 r82 1
 share_1_23 obj 38
 share_1_23 r23 1
 share_1_23 r26 12
 share_1_23 r83 1
 share_1_24 obj 172
 share_1_24 r24 1
 share_1_24 r26 26
 share_1_24 r84 1
 share_2_0 obj 148
 share_2_0 r0 1
 share_2_0 r27 32
 share_2_0 r85 1
 share_2_1 obj 53
 share_2_1 r1 1
 share_2_1 r27 9
 share_2_1 r86 1
 share_2_2 obj 43
 share_2_2 r2 1
 share_2_2 r27 6
 share_2_2 r87 1
 share_2_3 obj 52
 share_2_3 r3 1
 share_2_3 r27 19
 share_2_3 r88 1
 share_2_4 obj 85
 share_2_4 r4 1
 share_2_4 r27 15
 share_2_4 r89 1
 share_2_5 obj 118
 share_2_5 r5 1
 share_2_5 r27 32
 share_2_5 r90 1
 share_2_6 obj 137
 share_2_6 r6 1
 share_2_6 r27 29
 share_2_6 r91 1
 share_2_7 obj 104
 share_2_7 r7 1
 share_2_7 r27 18
 share_2_7 r92 1
 share_2_8 obj 64
 share_2_8 r8 1
 share_2_8 r27 22
 share_2_8 r93 1
 share_2_9 obj 90
 share_2_9 r9 1
 share_2_9 r27 23
 share_2_9 r94 1
 share_2_10 obj 173
 share_2_10 r10 1
 share_2_10 r27 32
 share_2_10 r95 1
 share_2_11 obj 16
 share_2_11 r11 1
 share_2_11 r27 5
 share_2_11 r96 1
 share_2_12 obj 107
 share_2_12 r12 1
 share_2_12 r27 20
 share_2_12 r97 1
 share_2_13 obj 96
 share_2_13 r13 1
 share_2_13 r27 25
 share_2_13 r98 1
 share_2_14 obj 81
 share_2_14 r14 1
 share_2_14 r27 19
 share_2_14 r99 1
 share_2_15 obj 172
 share_2_15 r15 1
 share_2_15 r27 33
 share_2_15 r100 1
 share_2_16 obj 135
 share_2_16 r16 1
 share_2_16 r27 34
 share_2_16 r101 1
 share_2_17 obj 109
 share_2_17 r17 1
 share_2_17 r27 30
 share_2_17 r102 1
 share_2_18 obj 133
 share_2_18 r18 1
 share_2_18 r27 19
 share_2_18 r103 1
 share_2_19 obj 181
 share_2_19 r19 1
 share_2_19 r27 32
 share_2_19 r104 1
 share_2_20 obj 29
 share_2_20 r20 1
 share_2_20 r27 7
 share_2_20 r105 1
 share_2_21 obj 112
 share_2_21 r21 1
 share_2_21 r27 25
 share_2_21 r106 1
 share_2_22 obj 71
 share_2_22 r22 1
 share_2_22 r27 13
 share_2_22 r107 1
 share_2_23 obj 28
 share_2_23 r23 1
 share_2_23 r27 12
 share_2_23 r108 1
 share_2_24 obj 190
 share_2_24 r24 1
 share_2_24 r27 26
 share_2_24 r109 1
 share_3_0 obj 48
 share_3_0 r0 1
 share_3_0 r28 32
 share_3_0 r110 1
 share_3_1 obj 60
 share_3_1 r1 1
 share_3_1 r28 9
 share_3_1 r111 1
 share_3_2 obj 21
 share_3_2 r2 1
 share_3_2 r28 6
 share_3_2 r112 1
 share_3_3 obj 60
 share_3_3 r3 1
 share_3_3 r28 19
 share_3_3 r113 1
 share_3_4 obj 131
 share_3_4 r4 1
 share_3_4 r28 15
 share_3_4 r114 1
 share_3_5 obj 137
 share_3_5 r5 1
 share_3_5 r28 32
 share_3_5 r115 1
 share_3_6 obj 122
 share_3_6 r6 1
 share_3_6 r28 29
 share_3_6 r116 1
 share_3_7 obj 99
 share_3_7 r7 1
 share_3_7 r28 18
 share_3_7 r117 1
 share_3_8 obj 175
 share_3_8 r8 1
 share_3_8 r28 22
 share_3_8 r118 1
 share_3_9 obj 116
 share_3_9 r9 1
 share_3_9 r28 23
 share_3_9 r119 1
 share_3_10 obj 154
 share_3_10 r10 1
 share_3_10 r28 32
 share_3_10 r120 1
 share_3_11 obj 14
 share_3_11 r11 1
 share_3_11 r28 5
 share_3_11 r121 1
 share_3_12 obj 20
 share_3_12 r12 1
 share_3_12 r28 20
 share_3_12 r122 1
 share_3_13 obj 117
 share_3_13 r13 1
 share_3_13 r28 25
 share_3_13 r123 1
 share_3_14 obj 151
 share_3_14 r14 1
 share_3_14 r28 19
 share_3_14 r124 1
 share_3_15 obj 134
 share_3_15 r15 1
 share_3_15 r28 33
 share_3_15 r125 1
 share_3_16 obj 254
 share_3_16 r16 1
 share_3_16 r28 34
 share_3_16 r126 1
 share_3_17 obj 215
 share_3_17 r17 1
 share_3_17 r28 30
 share_3_17 r127 1
 share_3_18 obj 86
 share_3_18 r18 1
 share_3_18 r28 19
 share_3_18 r128 1
 share_3_19 obj 25
 share_3_19 r19 1
 share_3_19 r28 32
 share_3_19 r129 1
 share_3_20 obj 48
 share_3_20 r20 1
 share_3_20 r28 7
 share_3_20 r130 1
 share_3_21 obj 90
 share_3_21 r21 1
 share_3_21 r28 25
 share_3_21 r131 1
 share_3_22 obj 17
 share_3_22 r22 1
 share_3_22 r28 13
 share_3_22 r132 1
 share_3_23 obj 79
 share_3_23 r23 1
 share_3_23 r28 12
 share_3_23 r133 1
 share_3_24 obj 144
 share_3_24 r24 1
 share_3_24 r28 26
 share_3_24 r134 1
 share_4_0 obj 103
 share_4_0 r0 1
 share_4_0 r29 32
 share_4_0 r135 1
 share_4_1 obj 86
 share_4_1 r1 1
 share_4_1 r29 9
 share_4_1 r136 1
 share_4_2 obj 49
 share_4_2 r2 1
 share_4_2 r29 6
 share_4_2 r137 1
 share_4_3 obj 47
 share_4_3 r3 1
 share_4_3 r29 19
 share_4_3 r138 1
 share_4_4 obj 153
 share_4_4 r4 1
 share_4_4 r29 15
 share_4_4 r139 1
 share_4_5 obj 30
 share_4_5 r5 1
 share_4_5 r29 32
 share_4_5 r140 1
 share_4_6 obj 218
 share_4_6 r6 1
 share_4_6 r29 29
 share_4_6 r141 1
 share_4_7 obj 161
 share_4_7 r7 1
 share_4_7 r29 18
 share_4_7 r142 1
 share_4_8 obj 157
 share_4_8 r8 1
 share_4_8 r29 22
 share_4_8 r143 1
 share_4_9 obj 22
 share_4_9 r9 1
 share_4_9 r29 23
 share_4_9 r144 1
 share_4_10 obj 266
 share_4_10 r10 1
 share_4_10 r29 32
 share_4_10 r145 1
 share_4_11 obj 12
 share_4_11 r11 1
 share_4_11 r29 5
 share_4_11 r146 1
 share_4_12 obj 113
 share_4_12 r12 1
 share_4_12 r29 20
 share_4_12 r147 1
 share_4_13 obj 182
 share_4_13 r13 1
 share_4_13 r29 25
 share_4_13 r148 1
 share_4_14 obj 169
 share_4_14 r14 1
 share_4_14 r29 19
 share_4_14 r149 1
 share_4_15 obj 255
 share_4_15 r15 1
 share_4_15 r29 33
 share_4_15 r150 1
 share_4_16 obj 290
 share_4_16 r16 1
 share_4_16 r29 34
 share_4_16 r151 1
 share_4_17 obj 109
 share_4_17 r17 1
 share_4_17 r29 30
 share_4_17 r152 1
 share_4_18 obj 169
 share_4_18 r18 1
 share_4_18 r29 19
 share_4_18 r153 1
 share_4_19 obj 177
 share_4_19 r19 1
 share_4_19 r29 32
 share_4_19 r154 1
 share_4_20 obj 19
 share_4_20 r20 1
 share_4_20 r29 7
 share_4_20 r155 1
 share_4_21 obj 175
 share_4_21 r21 1
 share_4_21 r29 25
 share_4_21 r156 1
 share_4_22 obj 50
 share_4_22 r22 1
 share_4_22 r29 13
 share_4_22 r157 1
 share_4_23 obj 84
 share_4_23 r23 1
 share_4_23 r29 12
 share_4_23 r158 1
 share_4_24 obj 252
 share_4_24 r24 1
 share_4_24 r29 26
 share_4_24 r159 1
 share_5_0 obj 82
 share_5_0 r0 1
 share_5_0 r30 32
 share_5_0 r160 1
 share_5_1 obj 47
 share_5_1 r1 1
 share_5_1 r30 9
 share_5_1 r161 1
 share_5_2 obj 17
 share_5_2 r2 1
 share_5_2 r30 6
 share_5_2 r162 1
 share_5_3 obj 64
 share_5_3 r3 1
 share_5_3 r30 19
 share_5_3 r163 1
 share_5_4 obj 110
 share_5_4 r4 1
 share_5_4 r30 15
 share_5_4 r164 1
 share_5_5 obj 155
 share_5_5 r5 1
 share_5_5 r30 32
 share_5_5 r165 1
 share_5_6 obj 79
 share_5_6 r6 1
 share_5_6 r30 29
 share_5_6 r166 1
 share_5_7 obj 73
 share_5_7 r7 1
 share_5_7 r30 18
 share_5_7 r167 1
 share_5_8 obj 157
 share_5_8 r8 1
 share_5_8 r30 22
 share_5_8 r168 1
 share_5_9 obj 129
 share_5_9 r9 1
 share_5_9 r30 23
 share_5_9 r169 1
 share_5_10 obj 107
 share_5_10 r10 1
 share_5_10 r30 32
 share_5_10 r170 1
 share_5_11 obj 16
 share_5_11 r11 1
 share_5_11 r30 5
 share_5_11 r171 1
 share_5_12 obj 18
 share_5_12 r12 1
 share_5_12 r30 20
 share_5_12 r172 1
 share_5_13 obj 81
 share_5_13 r13 1
 share_5_13 r30 25
 share_5_13 r173 1
 share_5_14 obj 127
 share_5_14 r14 1
 share_5_14 r30 19
 share_5_14 r174 1
 share_5_15 obj 85
 share_5_15 r15 1
 share_5_15 r30 33
 share_5_15 r175 1
 share_5_16 obj 211
 share_5_16 r16 1
 share_5_16 r30 34
 share_5_16 r176 1
 share_5_17 obj 217
 share_5_17 r17 1
 share_5_17 r30 30
 share_5_17 r177 1
 share_5_18 obj 64
 share_5_18 r18 1
 share_5_18 r30 19
 share_5_18 r178 1
 share_5_19 obj 45
 share_5_19 r19 1
 share_5_19 r30 32
 share_5_19 r179 1
 share_5_20 obj 50
 share_5_20 r20 1
 share_5_20 r30 7
 share_5_20 r180 1
 share_5_21 obj 53
 share_5_21 r21 1
 share_5_21 r30 25
 share_5_21 r181 1
 share_5_22 obj 35
 share_5_22 r22 1
 share_5_22 r30 13
 share_5_22 r182 1
 share_5_23 obj 66
 share_5_23 r23 1
 share_5_23 r30 12
 share_5_23 r183 1
 share_5_24 obj 111
 share_5_24 r24 1
 share_5_24 r30 26
 share_5_24 r184 1
 share_6_0 obj 211
 share_6_0 r0 1
 share_6_0 r31 32
 share_6_0 r185 1
 share_6_1 obj 22
 share_6_1 r1 1
 share_6_1 r31 9
 share_6_1 r186 1
 share_6_2 obj 38
 share_6_2 r2 1
 share_6_2 r31 6
 share_6_2 r187 1
 share_6_3 obj 105
 share_6_3 r3 1
 share_6_3 r31 19
 share_6_3 r188 1
 share_6_4 obj 37
 share_6_4 r4 1
 share_6_4 r31 15
 share_6_4 r189 1
 share_6_5 obj 223
 share_6_5 r5 1
 share_6_5 r31 32
 share_6_5 r190 1
 share_6_6 obj 85
 share_6_6 r6 1
 share_6_6 r31 29
 share_6_6 r191 1
 share_6_7 obj 56
 share_6_7 r7 1
 share_6_7 r31 18
 share_6_7 r192 1
 share_6_8 obj 86
 share_6_8 r8 1
 share_6_8 r31 22
 share_6_8 r193 1
 share_6_9 obj 170
 share_6_9 r9 1
 share_6_9 r31 23
 share_6_9 r194 1
 share_6_10 obj 102
 share_6_10 r10 1
 share_6_10 r31 32
 share_6_10 r195 1
 share_6_11 obj 30
 share_6_11 r11 1
 share_6_11 r31 5
 share_6_11 r196 1
 share_6_12 obj 116
 share_6_12 r12 1
 share_6_12 r31 20
 share_6_12 r197 1
 share_6_13 obj 46
 share_6_13 r13 1
 share_6_13 r31 25
 share_6_13 r198 1
 share_6_14 obj 35
 share_6_14 r14 1
 share_6_14 r31 19
 share_6_14 r199 1
 share_6_15 obj 117
 share_6_15 r15 1
 share_6_15 r31 33
 share_6_15 r200 1
 share_6_16 obj 47
 share_6_16 r16 1
 share_6_16 r31 34
 share_6_16 r201 1
 share_6_17 obj 216
 share_6_17 r17 1
 share_6_17 r31 30
 share_6_17 r202 1
 share_6_18 obj 101
 share_6_18 r18 1
 share_6_18 r31 19
 share_6_18 r203 1
 share_6_19 obj 202
 share_6_19 r19 1
 share_6_19 r31 32
 share_6_19 r204 1
 share_6_20 obj 55
 share_6_20 r20 1
 share_6_20 r31 7
 share_6_20 r205 1
 share_6_21 obj 81
 share_6_21 r21 1
 share_6_21 r31 25
 share_6_21 r206 1
 share_6_22 obj 93
 share_6_22 r22 1
 share_6_22 r31 13
 share_6_22 r207 1
 share_6_23 obj 23
 share_6_23 r23 1
 share_6_23 r31 12
 share_6_23 r208 1
 share_6_24 obj 132
 share_6_24 r24 1
 share_6_24 r31 26
 share_6_24 r209 1
 share_7_0 obj 153
 share_7_0 r0 1
 share_7_0 r32 32
 share_7_0 r210 1
 share_7_1 obj 50
 share_7_1 r1 1
 share_7_1 r32 9
 share_7_1 r211 1
 share_7_2 obj 43
 share_7_2 r2 1
 share_7_2 r32 6
 share_7_2 r212 1
 share_7_3 obj 56
 share_7_3 r3 1
 share_7_3 r32 19
 share_7_3 r213 1
 share_7_4 obj 80
 share_7_4 r4 1
 share_7_4 r32 15
 share_7_4 r214 1
 share_7_5 obj 128
 share_7_5 r5 1
 share_7_5 r32 32
 share_7_5 r215 1
 share_7_6 obj 132
 share_7_6 r6 1
 share_7_6 r32 29
 share_7_6 r216 1
 share_7_7 obj 100
 share_7_7 r7 1
 share_7_7 r32 18
 share_7_7 r217 1
 share_7_8 obj 60
 share_7_8 r8 1
 share_7_8 r32 22
 share_7_8 r218 1
 share_7_9 obj 97
 share_7_9 r9 1
 share_7_9 r32 23
 share_7_9 r219 1
 share_7_10 obj 167
 share_7_10 r10 1
 share_7_10 r32 32
 share_7_10 r220 1
 share_7_11 obj 17
 share_7_11 r11 1
 share_7_11 r32 5
 share_7_11 r221 1
 share_7_12 obj 108
 share_7_12 r12 1
 share_7_12 r32 20
 share_7_12 r222 1
 share_7_13 obj 91
 share_7_13 r13 1
 share_7_13 r32 25
 share_7_13 r223 1
 share_7_14 obj 76
 share_7_14 r14 1
 share_7_14 r32 19
 share_7_14 r224 1
 share_7_15 obj 167
 share_7_15 r15 1
 share_7_15 r32 33
 share_7_15 r225 1
 share_7_16 obj 125
 share_7_16 r16 1
 share_7_16 r32 34
 share_7_16 r226 1
 share_7_17 obj 117
 share_7_17 r17 1
 share_7_17 r32 30
 share_7_17 r227 1
 share_7_18 obj 130
 share_7_18 r18 1
 share_7_18 r32 19
 share_7_18 r228 1
 share_7_19 obj 184
 share_7_19 r19 1
 share_7_19 r32 32
 share_7_19 r229 1
 share_7_20 obj 31
 share_7_20 r20 1
 share_7_20 r32 7
 share_7_20 r230 1
 share_7_21 obj 108
 share_7_21 r21 1
 share_7_21 r32 25
 share_7_21 r231 1
 share_7_22 obj 73
 share_7_22 r22 1
 share_7_22 r32 13
 share_7_22 r232 1
 share_7_23 obj 25
 share_7_23 r23 1
 share_7_23 r32 12
 share_7_23 r233 1
 share_7_24 obj 186
 share_7_24 r24 1
 share_7_24 r32 26
 share_7_24 r234 1
 share_8_0 obj 201
 share_8_0 r0 1
 share_8_0 r33 32
 share_8_0 r235 1
 share_8_1 obj 61
 share_8_1 r1 1
 share_8_1 r33 9
 share_8_1 r236 1
 share_8_2 obj 53
 share_8_2 r2 1
 share_8_2 r33 6
 share_8_2 r237 1
 share_8_3 obj 81
 share_8_3 r3 1
 share_8_3 r33 19
 share_8_3 r238 1
 share_8_4 obj 85
 share_8_4 r4 1
 share_8_4 r33 15
 share_8_4 r239 1
 share_8_5 obj 153
 share_8_5 r5 1
 share_8_5 r33 32
 share_8_5 r240 1
 share_8_6 obj 179
 share_8_6 r6 1
 share_8_6 r33 29
 share_8_6 r241 1
 share_8_7 obj 126
 share_8_7 r7 1
 share_8_7 r33 18
 share_8_7 r242 1
 share_8_8 obj 35
 share_8_8 r8 1
 share_8_8 r33 22
 share_8_8 r243 1
 share_8_9 obj 108
 share_8_9 r9 1
 share_8_9 r33 23
 share_8_9 r244 1
 share_8_10 obj 217
 share_8_10 r10 1
 share_8_10 r33 32
 share_8_10 r245 1
 share_8_11 obj 24
 share_8_11 r11 1
 share_8_11 r33 5
 share_8_11 r246 1
 share_8_12 obj 143
 share_8_12 r12 1
 share_8_12 r33 20
 share_8_12 r247 1
 share_8_13 obj 129
 share_8_13 r13 1
 share_8_13 r33 25
 share_8_13 r248 1
 share_8_14 obj 79
 share_8_14 r14 1
 share_8_14 r33 19
 share_8_14 r249 1
 share_8_15 obj 221
 share_8_15 r15 1
 share_8_15 r33 33
 share_8_15 r250 1
 share_8_16 obj 137
 share_8_16 r16 1
 share_8_16 r33 34
 share_8_16 r251 1
 share_8_17 obj 98
 share_8_17 r17 1
 share_8_17 r33 30
 share_8_17 r252 1
 share_8_18 obj 162
 share_8_18 r18 1
 share_8_18 r33 19
 share_8_18 r253 1
 share_8_19 obj 239
 share_8_19 r19 1
 share_8_19 r33 32
 share_8_19 r254 1
 share_8_20 obj 29
 share_8_20 r20 1
 share_8_20 r33 7
 share_8_20 r255 1
 share_8_21 obj 150
 share_8_21 r21 1
 share_8_21 r33 25
 share_8_21 r256 1
 share_8_22 obj 93
 share_8_22 r22 1
 share_8_22 r33 13
 share_8_22 r257 1
 share_8_23 obj 30
 share_8_23 r23 1
 share_8_23 r33 12
 share_8_23 r258 1
 share_8_24 obj 227
 share_8_24 r24 1
 share_8_24 r33 26
 share_8_24 r259 1
 share_9_0 obj 175
 share_9_0 r0 1
 share_9_0 r34 32
 share_9_0 r260 1
 share_9_1 obj 69
 share_9_1 r1 1
 share_9_1 r34 9
 share_9_1 r261 1
 share_9_2 obj 53
 share_9_2 r2 1
 share_9_2 r34 6
 share_9_2 r262 1
 share_9_3 obj 64
 share_9_3 r3 1
 share_9_3 r34 19
 share_9_3 r263 1
 share_9_4 obj 106
 share_9_4 r4 1
 share_9_4 r34 15
 share_9_4 r264 1
 share_9_5 obj 110
 share_9_5 r5 1
 share_9_5 r34 32
 share_9_5 r265 1
 share_9_6 obj 193
 share_9_6 r6 1
 share_9_6 r34 29
 share_9_6 r266 1
 share_9_7 obj 139
 share_9_7 r7 1
 share_9_7 r34 18
 share_9_7 r267 1
 share_9_8 obj 69
 share_9_8 r8 1
 share_9_8 r34 22
 share_9_8 r268 1
 share_9_9 obj 75
 share_9_9 r9 1
 share_9_9 r34 23
 share_9_9 r269 1
 share_9_10 obj 235
 share_9_10 r10 1
 share_9_10 r34 32
 share_9_10 r270 1
 share_9_11 obj 19
 share_9_11 r11 1
 share_9_11 r34 5
 share_9_11 r271 1
 share_9_12 obj 137
 share_9_12 r12 1
 share_9_12 r34 20
 share_9_12 r272 1
 share_9_13 obj 145
 share_9_13 r13 1
 share_9_13 r34 25
 share_9_13 r273 1
 share_9_14 obj 106
 share_9_14 r14 1
 share_9_14 r34 19
 share_9_14 r274 1
 share_9_15 obj 235
 share_9_15 r15 1
 share_9_15 r34 33
 share_9_15 r275 1
 share_9_16 obj 184
 share_9_16 r16 1
 share_9_16 r34 34
 share_9_16 r276 1
 share_9_17 obj 54
 share_9_17 r17 1
 share_9_17 r34 30
 share_9_17 r277 1
 share_9_18 obj 168
 share_9_18 r18 1
 share_9_18 r34 19
 share_9_18 r278 1
 share_9_19 obj 226
 share_9_19 r19 1
 share_9_19 r34 32
 share_9_19 r279 1
 share_9_20 obj 19
 share_9_20 r20 1
 share_9_20 r34 7
 share_9_20 r280 1
 share_9_21 obj 159
 share_9_21 r21 1
 share_9_21 r34 25
 share_9_21 r281 1
 share_9_22 obj 82
 share_9_22 r22 1
 share_9_22 r34 13
 share_9_22 r282 1
 share_9_23 obj 45
 share_9_23 r23 1
 share_9_23 r34 12
 share_9_23 r283 1
 share_9_24 obj 240
 share_9_24 r24 1
 share_9_24 r34 26
 share_9_24 r284 1
RHS
 RHS r0 1
 RHS r1 1
 RHS r2 1
 RHS r3 1
 RHS r4 1
 RHS r5 1
 RHS r6 1
 RHS r7 1
 RHS r8 1
 RHS r9 1
 RHS r10 1
 RHS r11 1
 RHS r12 1
 RHS r13 1
 RHS r14 1
 RHS r15 1
 RHS r16 1
 RHS r17 1
 RHS r18 1
 RHS r19 1
 RHS r20 1
 RHS r21 1
 RHS r22 1
 RHS r23 1
 RHS r24 1
BOUNDS
 BV BND open_0
 BV BND open_1
 BV BND open_2
 BV BND open_3
 BV BND open_4
 BV BND open_5
 BV BND open_6
 BV BND open_7
 BV BND open_8
 BV BND open_9
 UP BND share_0_0 1
 LO BND share_0_0 0
 UP BND share_0_1 1
 LO BND share_0_1 0
 UP BND share_0_2 1
 LO BND share_0_2 0
 UP BND share_0_3 1
 LO BND share_0_3 0
 UP BND share_0_4 1
 LO BND share_0_4 0
 UP BND share_0_5 1
 LO BND share_0_5 0
 UP BND share_0_6 1
 LO BND share_0_6 0
 UP BND share_0_7 1
 LO BND share_0_7 0
 UP BND share_0_8 1
 LO BND share_0_8 0
 UP BND share_0_9 1
 LO BND share_0_9 0
 UP BND share_0_10 1
 LO BND share_0_10 0
 UP BND share_0_11 1
 LO BND share_0_11 0
 UP BND share_0_12 1
 LO BND share_0_12 0
 UP BND share_0_13 1
 LO BND share_0_13 0
 UP BND share_0_14 1
 LO BND share_0_14 0
 UP BND share_0_15 1
 LO BND share_0_15 0
 UP BND share_0_16 1
 LO BND share_0_16 0
 UP BND share_0_17 1
 LO BND share_0_17 0
 UP BND share_0_18 1
 LO BND share_0_18 0
 UP BND share_0_19 1
 LO BND share_0_19 0
 UP BND share_0_20 1
 LO BND share_0_20 0
 UP BND share_0_21 1
 LO BND share_0_21 0
 UP BND share_0_22 1
 LO BND share_0_22 0
 UP BND share_0_23 1
 LO BND share_0_23 0
 UP BND share_0_24 1
 LO BND share_0_24 0
 UP BND share_1_0 1
 LO BND share_1_0 0
 UP BND share_1_1 1
 LO BND share_1_1 0
 UP BND share_1_2 1
 LO BND share_1_2 0
 UP BND share_1_3 1
 LO BND share_1_3 0
 UP BND share_1_4 1
 LO BND share_1_4 0
 UP BND share_1_5 1
 LO BND share_1_5 0
 UP BND share_1_6 1
 LO BND share_1_6 0
 UP BND share_1_7 1
 LO BND share_1_7 0
 UP BND share_1_8 1
 LO BND share_1_8 0
 UP BND share_1_9 1
 LO BND share_1_9 0
 UP BND share_1_10 1
 LO BND share_1_10 0
 UP BND share_1_11 1
 LO BND share_1_11 0
 UP BND share_1_12 1
 LO BND share_1_12 0
 UP BND share_1_13 1
 LO BND share_1_13 0
 UP BND share_1_14 1
 LO BND share_1_14 0
 UP BND share_1_15 1
 LO BND share_1_15 0
 UP BND share_1_16 1
 LO BND share_1_16 0
 UP BND share_1_17 1
 LO BND share_1_17 0
 UP BND share_1_18 1
 LO BND share_1_18 0
 UP BND share_1_19 1
 LO BND share_1_19 0
 UP BND share_1_20 1
 LO BND share_1_20 0
 UP BND share_1_21 1
 LO BND share_1_21 0
 UP BND share_1_22 1
 LO BND share_1_22 0
 UP BND share_1_23 1
 LO BND share_1_23 0
 UP BND share_1_24 1
 LO BND share_1_24 0
 UP BND share_2_0 1
 LO BND share_2_0 0
 UP BND share_2_1 1
 LO BND share_2_1 0
 UP BND share_2_2 1
 LO BND share_2_2 0
 UP BND share_2_3 1
 LO BND share_2_3 0
 UP BND share_2_4 1
 LO BND share_2_4 0
 UP BND share_2_5 1
 LO BND share_2_5 0
 UP BND share_2_6 1
 LO BND share_2_6 0
 UP BND share_2_7 1
 LO BND share_2_7 0
 UP BND share_2_8 1
 LO BND share_2_8 0
 UP BND share_2_9 1
 LO BND share_2_9 0
 UP BND share_2_10 1
 LO BND share_2_10 0
 UP BND share_2_11 1
 LO BND share_2_11 0
 UP BND share_2_12 1
 LO BND share_2_12 0
 UP BND share_2_13 1
 LO BND share_2_13 0
 UP BND share_2_14 1
 LO BND share_2_14 0
 UP BND share_2_15 1
 LO BND share_2_15 0
 UP BND share_2_16 1
 LO BND share_2_16 0
 UP BND share_2_17 1
 LO BND share_2_17 0
 UP BND share_2_18 1
 LO BND share_2_18 0
 UP BND share_2_19 1
 LO BND share_2_19 0
 UP BND share_2_20 1
 LO BND share_2_20 0
 UP BND share_2_21 1
 LO BND share_2_21 0
 UP BND share_2_22 1
 LO BND share_2_22 0
 UP BND share_2_23 1
 LO BND share_2_23 0
 UP BND share_2_24 1
 LO BND share_2_24 0
 UP BND share_3_0 1
 LO BND share_3_0 0
 UP BND share_3_1 1
 LO BND share_3_1 0
 UP BND share_3_2 1
 LO BND share_3_2 0
 UP BND share_3_3 1
 LO BND share_3_3 0
 UP BND share_3_4 1
 LO BND share_3_4 0
 UP BND share_3_5 1
 LO BND share_3_5 0
 UP BND share_3_6 1
 LO BND share_3_6 0
 UP BND share_3_7 1
 LO BND share_3_7 0
 UP BND share_3_8 1
 LO BND share_3_8 0
 UP BND share_3_9 1
 LO BND share_3_9 0
 UP BND share_3_10 1
 LO BND share_3_10 0
 UP BND share_3_11 1
 LO BND share_3_11 0
 UP BND share_3_12 1
 LO BND share_3_12 0
 UP BND share_3_13 1
 LO BND share_3_13 0
 UP BND share_3_14 1
 LO BND share_3_14 0
 UP BND share_3_15 1
 LO BND share_3_15 0
 UP BND share_3_16 1
 LO BND share_3_16 0
 UP BND share_3_17 1
 LO BND share_3_17 0
 UP BND share_3_18 1
 LO BND share_3_18 0
 UP BND share_3_19 1
 LO BND share_3_19 0
 UP BND share_3_20 1
 LO BND share_3_20 0
 UP BND share_3_21 1
 LO BND share_3_21 0
 UP BND share_3_22 1
 LO BND share_3_22 0
 UP BND share_3_23 1
 LO BND share_3_23 0
 UP BND share_3_24 1
 LO BND share_3_24 0
 UP BND share_4_0 1
 LO BND share_4_0 0
 UP BND share_4_1 1
 LO BND share_4_1 0
 UP BND share_4_2 1
 LO BND share_4_2 0
 UP BND share_4_3 1
 LO BND share_4_3 0
 UP BND share_4_4 1
 LO BND share_4_4 0
 UP BND share_4_5 1
 LO BND share_4_5 0
 UP BND share_4_6 1
 LO BND share_4_6 0
 UP BND share_4_7 1
 LO BND share_4_7 0
 UP BND share_4_8 1
 LO BND share_4_8 0
 UP BND share_4_9 1
 LO BND share_4_9 0
 UP BND share_4_10 1
 LO BND share_4_10 0
 UP BND share_4_11 1
 LO BND share_4_11 0
 UP BND share_4_12 1
 LO BND share_4_12 0
 UP BND share_4_13 1
 LO BND share_4_13 0
 UP BND share_4_14 1
 LO BND share_4_14 0
 UP BND share_4_15 1
 LO BND share_4_15 0
 UP BND share_4_16 1
 LO BND share_4_16 0
 UP BND share_4_17 1
 LO BND share_4_17 0
 UP BND share_4_18 1
 LO BND share_4_18 0
 UP BND share_4_19 1
 LO BND share_4_19 0
 UP BND share_4_20 1
 LO BND share_4_20 0
 UP BND share_4_21 1
 LO BND share_4_21 0
 UP BND share_4_22 1
 LO BND share_4_22 0
 UP BND share_4_23 1
 LO BND share_4_23 0
 UP BND share_4_24 1
 LO BND share_4_24 0
 UP BND share_5_0 1
 LO BND share_5_0 0
 UP BND share_5_1 1
 LO BND share_5_1 0
 UP BND share_5_2 1
 LO BND share_5_2 0
 UP BND share_5_3 1
 LO BND share_5_3 0
 UP BND share_5_4 1
 LO BND share_5_4 0
 UP BND share_5_5 1
 LO BND share_5_5 0
 UP BND share_5_6 1
 LO BND share_5_6 0
 UP BND share_5_7 1
 LO BND share_5_7 0
 UP BND share_5_8 1
 LO BND share_5_8 0
 UP BND share_5_9 1
 LO BND share_5_9 0
 UP BND share_5_10 1
 LO BND share_5_10 0
 UP BND share_5_11 1
 LO BND share_5_11 0
 UP BND share_5_12 1
 LO BND share_5_12 0
 UP BND share_5_13 1
 LO BND share_5_13 0
 UP BND share_5_14 1
 LO BND share_5_14 0
 UP BND share_5_15 1
 LO BND share_5_15 0
 UP BND share_5_16 1
 LO BND share_5_16 0
 UP BND share_5_17 1
 LO BND share_5_17 0
 UP BND share_5_18 1
 LO BND share_5_18 0
 UP BND share_5_19 1
 LO BND share_5_19 0
 UP BND share_5_20 1
 LO BND share_5_20 0
 UP BND share_5_21 1
 LO BND share_5_21 0
 UP BND share_5_22 1
 LO BND share_5_22 0
 UP BND share_5_23 1
 LO BND share_5_23 0
 UP BND share_5_24 1
 LO BND share_5_24 0
 UP BND share_6_0 1
 LO BND share_6_0 0
 UP BND share_6_1 1
 LO BND share_6_1 0
 UP BND share_6_2 1
 LO BND share_6_2 0
 UP BND share_6_3 1
 LO BND share_6_3 0
 UP BND share_6_4 1
 LO BND share_6_4 0
 UP BND share_6_5 1
 LO BND share_6_5 0
 UP BND share_6_6 1
 LO BND share_6_6 0
 UP BND share_6_7 1
 LO BND share_6_7 0
 UP BND share_6_8 1
 LO BND share_6_8 0
 UP BND share_6_9 1
 LO BND share_6_9 0
 UP BND share_6_10 1
 LO BND share_6_10 0
 UP BND share_6_11 1
 LO BND share_6_11 0
 UP BND share_6_12 1
 LO BND share_6_12 0
 UP BND share_6_13 1
 LO BND share_6_13 0
 UP BND share_6_14 1
 LO BND share_6_14 0
 UP BND share_6_15 1
 LO BND share_6_15 0
 UP BND share_6_16 1
 LO BND share_6_16 0
 UP BND share_6_17 1
 LO BND share_6_17 0
 UP BND share_6_18 1
 LO BND share_6_18 0
 UP BND share_6_19 1
 LO BND share_6_19 0
 UP BND share_6_20 1
 LO BND share_6_20 0
 UP BND share_6_21 1
 LO BND share_6_21 0
 UP BND share_6_22 1
 LO BND share_6_22 0
 UP BND share_6_23 1
 LO BND share_6_23 0
 UP BND share_6_24 1
 LO BND share_6_24 0
 UP BND share_7_0 1
 LO BND share_7_0 0
 UP BND share_7_1 1
 LO BND share_7_1 0
 UP BND share_7_2 1
 LO BND share_7_2 0
 UP BND share_7_3 1
 LO BND share_7_3 0
 UP BND share_7_4 1
 LO BND share_7_4 0
 UP BND share_7_5 1
 LO BND share_7_5 0
 UP BND share_7_6 1
 LO BND share_7_6 0
 UP BND share_7_7 1
 LO BND share_7_7 0
 UP BND share_7_8 1
 LO BND share_7_8 0
 UP BND share_7_9 1
 LO BND share_7_9 0
 UP BND share_7_10 1
 LO BND share_7_10 0
 UP BND share_7_11 1
 LO BND share_7_11 0
 UP BND share_7_12 1
 LO BND share_7_12 0
 UP BND share_7_13 1
 LO BND share_7_13 0
 UP BND share_7_14 1
 LO BND share_7_14 0
 UP BND share_7_15 1
 LO BND share_7_15 0
 UP BND share_7_16 1
 LO BND share_7_16 0
 UP BND share_7_17 1
 LO BND share_7_17 0
 UP BND share_7_18 1
 LO BND share_7_18 0
 UP BND share_7_19 1
 LO BND share_7_19 0
 UP BND share_7_20 1
 LO BND share_7_20 0
 UP BND share_7_21 1
 LO BND share_7_21 0
 UP BND share_7_22 1
 LO BND share_7_22 0
 UP BND share_7_23 1
 LO BND share_7_23 0
 UP BND share_7_24 1
 LO BND share_7_24 0
 UP BND share_8_0 1
 LO BND share_8_0 0
 UP BND share_8_1 1
 LO BND share_8_1 0
 UP BND share_8_2 1
 LO BND share_8_2 0
 UP BND share_8_3 1
 LO BND share_8_3 0
 UP BND share_8_4 1
 LO BND share_8_4 0
 UP BND share_8_5 1
 LO BND share_8_5 0
 UP BND share_8_6 1
 LO BND share_8_6 0
 UP BND share_8_7 1
 LO BND share_8_7 0
 UP BND share_8_8 1
 LO BND share_8_8 0
 UP BND share_8_9 1
 LO BND share_8_9 0
 UP BND share_8_10 1
 LO BND share_8_10 0
 UP BND share_8_11 1
 LO BND share_8_11 0
 UP BND share_8_12 1
 LO BND share_8_12 0
 UP BND share_8_13 1
 LO BND share_8_13 0
 UP BND share_8_14 1
 LO BND share_8_14 0
 UP BND share_8_15 1
 LO BND share_8_15 0
 UP BND share_8_16 1
 LO BND share_8_16 0
 UP BND share_8_17 1
 LO BND share_8_17 0
 UP BND share_8_18 1
 LO BND share_8_18 0
 UP BND share_8_19 1
 LO BND share_8_19 0
 UP BND share_8_20 1
 LO BND share_8_20 0
 UP BND share_8_21 1
 LO BND share_8_21 0
 UP BND share_8_22 1
 LO BND share_8_22 0
 UP BND share_8_23 1
 LO BND share_8_23 0
 UP BND share_8_24 1
 LO BND share_8_24 0
 UP BND share_9_0 1
 LO BND share_9_0 0
 UP BND share_9_1 1
 LO BND share_9_1 0
 UP BND share_9_2 1
 LO BND share_9_2 0
 UP BND share_9_3 1
 LO BND share_9_3 0
 UP BND share_9_4 1
 LO BND share_9_4 0
 UP BND share_9_5 1
 LO BND share_9_5 0
 UP BND share_9_6 1
 LO BND share_9_6 0
 UP BND share_9_7 1
 LO BND share_9_7 0
 UP BND share_9_8 1
 LO BND share_9_8 0
 UP BND share_9_9 1
 LO BND share_9_9 0
 UP BND share_9_10 1
 LO BND share_9_10 0
 UP BND share_9_11 1
 LO BND share_9_11 0
 UP BND share_9_12 1
 LO BND share_9_12 0
 UP BND share_9_13 1
 LO BND share_9_13 0
 UP BND share_9_14 1
 LO BND share_9_14 0
 UP BND share_9_15 1
 LO BND share_9_15 0
 UP BND share_9_16 1
 LO BND share_9_16 0
 UP BND share_9_17 1
 LO BND share_9_17 0
 UP BND share_9_18 1
 LO BND share_9_18 0
 UP BND share_9_19 1
 LO BND share_9_19 0
 UP BND share_9_20 1
 LO BND share_9_20 0
 UP BND share_9_21 1
 LO BND share_9_21 0
 UP BND share_9_22 1
 LO BND share_9_22 0
 UP BND share_9_23 1
 LO BND share_9_23 0
 UP BND share_9_24 1
 LO BND share_9_24 0
ENDATA
